"""``aikagi whoami`` and ``functions``: what the broker knows."""

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aikagi.commands.command import command
from aikagi.commands.exits import Exit
from aikagi.commands.place import Place
from aikagi.commands.saying import has_colours, note, printable, say, say_json

if TYPE_CHECKING:
    from aikagi.commands.command import Areas
    from aikagi.entries import FunctionEntry


def add(areas: "Areas") -> None:
    command(areas, "whoami", "tell who the broker thinks you are", _whoami)
    command(areas, "functions", "list the functions you may call", _functions)


def _whoami(options: argparse.Namespace) -> int:
    with Place.of(options).broker() as broker:
        me = broker.me()
        ends = _clock(broker.login_ends_at())
    if options.json:
        say_json(
            {
                "Broker": broker.base,
                "Issuer": me.issuer,
                "Subject": me.subject,
                "Groups": list(me.groups),
                "SessionName": me.session_name,
                "LoginEnds": ends,
            }
        )
        return Exit.DONE
    for name, value in (
        ("you are", me.subject),
        ("issuer", me.issuer),
        ("groups", ", ".join(me.groups) or "none"),
        ("to AWS", me.session_name),
        ("broker", broker.base),
        ("login ends", ends),
    ):
        say(f"{name:<12}{printable(value)}")
    return Exit.DONE


def _clock(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _functions(options: argparse.Namespace) -> int:
    with Place.of(options).broker() as broker:
        found = broker.functions()
    if options.json:
        say_json([each.told() for each in found])
    elif not found:
        note("There is no function that you may call.")
    elif sys.stdout.isatty():
        _show_table(found)
    else:
        for each in found:
            cells = (each.name, each.title, each.invoke_mode, each.description)
            say("\t".join(" ".join(printable(cell).split()) for cell in cells))
    return Exit.DONE


def _show_table(found: "list[FunctionEntry]") -> None:
    # Slow to import; it knows how wide a character is.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("NAME", no_wrap=True, style="bold")
    table.add_column("TITLE", no_wrap=True, overflow="ellipsis")
    table.add_column("WHAT IT DOES", no_wrap=True, overflow="ellipsis")
    for each in found:
        words = (each.name, each.title, each.description)
        table.add_row(*(Text(" ".join(printable(word).split())) for word in words))
    Console(no_color=not has_colours(sys.stdout), highlight=False).print(table)
