"""``aikagi completion``: the words of the commands, for a shell."""

import argparse
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers

_EPILOG: Final = """\
To have it from now on:
  bash  aikagi completion bash > ~/.local/share/bash-completion/completions/aikagi
  zsh   aikagi completion zsh > "${fpath[1]}/_aikagi"
  fish  aikagi completion fish > ~/.config/fish/completions/aikagi.fish
"""


def add(subparsers: "Subparsers") -> None:
    added = command(subparsers, "completion", "print a shell's completion script", _run)
    added.epilog = _EPILOG
    added.add_argument("shell", choices=["bash", "zsh", "fish"])


def _run(options: argparse.Namespace) -> int:
    # Wanted once, when a shell is set up.
    import shtab

    echo(shtab.complete(options.root_parser, shell=options.shell).rstrip())
    return ExitCode.DONE
