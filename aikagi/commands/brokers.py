"""``aikagi brokers``: where you have logged in."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_error, echo_json
from aikagi.disk.brokers import read_brokers, read_last_broker
from aikagi.disk.file_store import FileStore, state_folder
from aikagi.errors import StateError, StateVersionError
from aikagi.records import TOKENS, read_tokens

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers

_EPILOG: Final = """\
examples:
  aikagi brokers
  aikagi functions --broker staging

The broker of the last login is marked: commands are for it, unless --broker or
AIKAGI_BROKER names another. To name one: aikagi login URL --name NAME
"""


def add(subparsers: "Subparsers") -> None:
    command(subparsers, "brokers", "list the brokers you know", _run, _EPILOG)


def _run(options: argparse.Namespace) -> int:
    folder = state_folder()
    last = read_last_broker(folder)
    known = [
        {
            "Name": name,
            "Broker": base,
            "Username": _username(FileStore(folder, base)),
            "IsLast": base == last,
        }
        for name, base in sorted(read_brokers(folder).items())
    ]
    if options.json:
        echo_json(known)
    elif not known:
        echo_error("You have not logged in anywhere yet: aikagi login https://…")
    else:
        _show(
            [
                (
                    str(broker["Name"]),
                    str(broker["Broker"]),
                    str(broker["Username"] or "not logged in"),
                    "last login" if broker["IsLast"] else "",
                )
                for broker in known
            ]
        )
    return ExitCode.DONE


def _show(rows: list[tuple[str, ...]]) -> None:
    if sys.stdout.isatty():
        # Slow to import.
        from aikagi.commands.tables import show_table

        show_table(("NAME", "ADDRESS", "USER", ""), rows)
        return
    for row in rows:
        echo("\t".join(row))


def _username(store: FileStore) -> str | None:
    try:
        tokens = read_tokens(store.entry(TOKENS))
    except StateVersionError:
        raise
    except StateError:
        return None
    return None if tokens is None else tokens.username
