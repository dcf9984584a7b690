"""``aikagi functions``: what you may call."""

import argparse
import shlex
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context, UsageError
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_error, echo_json
from aikagi.commands.suggestions import did_you_mean
from aikagi.errors import StateError
from aikagi.records import FUNCTIONS, function_names_record, read_function_names

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers
    from aikagi.models import FunctionEntry


_EPILOG: Final = """\
examples:
  aikagi functions
  aikagi functions report
  aikagi functions --json
"""


def add(subparsers: "Subparsers") -> None:
    added = command(
        subparsers, "functions", "list the functions you may call", _functions, _EPILOG
    )
    added.add_argument(
        "function",
        metavar="FUNCTION",
        nargs="?",
        help="only this one, and how to call it",
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
    if options.function is not None:
        _show_one(_called(options.function, found), as_json=options.json)
    elif options.json:
        echo_json([function.to_json() for function in found])
    elif not found:
        echo_error("There is no function that you may call.")
    else:
        _show_all(found)
    return ExitCode.DONE


def _called(name: str, found: "list[FunctionEntry]") -> "FunctionEntry":
    for function in found:
        if function.name == name:
            return function
    question = did_you_mean(name, [function.name for function in found])
    raise UsageError(f"There is no function {name} that you may call. {question}")


def _show_all(found: "list[FunctionEntry]") -> None:
    if sys.stdout.isatty():
        # Slow to import.
        from aikagi.commands.tables import show_table

        rows = [(entry.name, entry.title, entry.description) for entry in found]
        show_table(("NAME", "TITLE", "WHAT IT DOES"), rows)
        return
    for function in found:
        cells = (
            function.name,
            function.title,
            function.invoke_mode,
            function.description,
        )
        echo("\t".join(" ".join(cell.split()) for cell in cells))


def _show_one(function: "FunctionEntry", *, as_json: bool) -> None:
    if as_json:
        echo_json(function.to_json())
        return
    streams = function.invoke_mode == "RESPONSE_STREAM"
    for name, value in (
        ("name", function.name),
        ("title", function.title),
        ("does", function.description),
        ("answers", "as it goes along" if streams else "at once"),
        ("takes", function.body_type or ""),
        ("call it", _example_call(function)),
    ):
        if value:
            echo(f"{name:<12}{value}")


def _example_call(function: "FunctionEntry") -> str:
    """Write a command to type, with the entry's example where it has one."""
    call = f"aikagi call {shlex.quote(function.name)}"
    if function.body_type == "file":
        return f"{call} --data @FILE"
    if function.example is None:
        return call
    example = shlex.quote(function.example)
    if function.example.startswith("@"):  # which --data takes for a file's name
        return f"printf %s {example} | {call} --data @-"
    return f"{call} --data {example}"
