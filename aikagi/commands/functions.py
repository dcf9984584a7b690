"""``aikagi functions``: what you may call."""

import argparse
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_error, echo_json
from aikagi.errors import StateError
from aikagi.records import FUNCTIONS, function_names_record, read_function_names

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers


_EPILOG: Final = """\
examples:
  aikagi functions
  aikagi functions --json
"""


def add(subparsers: "Subparsers") -> None:
    added = command(
        subparsers, "functions", "list the functions you may call", _functions, _EPILOG
    )
    added.add_argument(
        "--names",
        action="store_true",
        help="the names of the last list, without asking the broker",
    )


def _functions(options: argparse.Namespace) -> int:
    context = Context.from_options(options)
    entry = context.store.entry(FUNCTIONS)
    if options.names:
        names = read_function_names(entry)
        if options.json:
            echo_json(names)
        else:
            for name in names:
                echo(name)
        return ExitCode.DONE
    with context.broker() as broker:
        found = broker.functions()
    with suppress(StateError):  # it is for completion alone
        entry.write(function_names_record(function.name for function in found))
    rows = [(entry.name, entry.title, entry.description) for entry in found]
    if options.json:
        echo_json([entry.to_json() for entry in found])
    elif not found:
        echo_error("There is no function that you may call.")
    elif sys.stdout.isatty():
        # Slow to import.
        from aikagi.commands.tables import show_table

        show_table(("NAME", "TITLE", "WHAT IT DOES"), rows)
    else:
        for function in found:
            cells = (
                function.name,
                function.title,
                function.invoke_mode,
                function.description,
            )
            echo("\t".join(" ".join(cell.split()) for cell in cells))
    return ExitCode.DONE
