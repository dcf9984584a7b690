"""``aikagi completion``: the words of the commands, for a shell."""

import argparse
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers

_NAMES: Final = "aikagi functions --names 2>/dev/null"
"""Reads a file and asks nobody: no shell waits for a broker at each Tab."""

_EPILOG: Final = """\
To have it from now on (names of functions are those of the last `aikagi functions`):
  bash  aikagi completion bash > ~/.local/share/bash-completion/completions/aikagi
  zsh   aikagi completion zsh > "${fpath[1]}/_aikagi"
  fish  aikagi completion fish > ~/.config/fish/completions/aikagi.fish
"""


def add(subparsers: "Subparsers") -> None:
    added = command(
        subparsers, "completion", "print a shell's completion script", _run, _EPILOG
    )
    added.add_argument("shell", choices=["bash", "zsh", "fish"])


def _run(options: argparse.Namespace) -> int:
    # Wanted once, when a shell is set up.
    import shtab

    names = shtab.cmd(_NAMES)
    for parser in options.root_parser.commands().values():
        for action in parser.actions():
            if action.metavar == "FUNCTION":
                action.complete = names
            elif action.metavar == "FILE":
                action.complete = shtab.FILE
    echo(shtab.complete(options.root_parser, shell=options.shell).rstrip())
    return ExitCode.DONE
