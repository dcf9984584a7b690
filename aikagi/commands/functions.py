"""``aikagi functions``: what you may call."""

import argparse
import sys
from typing import TYPE_CHECKING

from aikagi.commands.command import command
from aikagi.commands.context import Context
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_error, echo_json, has_colours, printable

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers
    from aikagi.models import FunctionEntry


def add(subparsers: "Subparsers") -> None:
    command(subparsers, "functions", "list the functions you may call", _functions)


def _functions(options: argparse.Namespace) -> int:
    with Context.from_options(options).broker() as broker:
        found = broker.functions()
    if options.json:
        echo_json([entry.to_json() for entry in found])
    elif not found:
        echo_error("There is no function that you may call.")
    elif sys.stdout.isatty():
        _show_table(found)
    else:
        for entry in found:
            cells = (entry.name, entry.title, entry.invoke_mode, entry.description)
            echo("\t".join(" ".join(printable(cell).split()) for cell in cells))
    return ExitCode.DONE


def _show_table(found: "list[FunctionEntry]") -> None:
    # Slow to import; it knows how wide a character is.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("NAME", no_wrap=True, style="bold")
    table.add_column("TITLE", no_wrap=True, overflow="ellipsis")
    table.add_column("WHAT IT DOES", no_wrap=True, overflow="ellipsis")
    for entry in found:
        words = (entry.name, entry.title, entry.description)
        table.add_row(*(Text(" ".join(printable(word).split())) for word in words))
    Console(no_color=not has_colours(sys.stdout), highlight=False).print(table)
