"""``aikagi doctor``: why a call does not work."""

import argparse
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.exits import Exit
from aikagi.commands.place import Place
from aikagi.commands.saying import has_colours, printable, say, say_json

if TYPE_CHECKING:
    from aikagi.commands.command import Areas
    from aikagi.diagnosis import Check

_MARKS: Final = {True: ("ok", "32"), False: ("fault", "31"), None: ("--", "2")}

_MARGIN: Final = 19
_ROOM_BESIDE: Final = 50
"""Columns. In fewer, what is told of a check stands below its name."""


def add(areas: "Areas") -> None:
    added = command(areas, "doctor", "find out why a call does not work", _run)
    added.add_argument("function", nargs="?", metavar="FUNCTION")
    added.add_argument(
        "--origin", help="of a page that calls it; the broker's own, unless given"
    )
    added.add_argument(
        "--no-call",
        dest="call",
        action="store_false",
        help="let no GET through to the function: if Lambda lets you in stays open",
    )


def _run(options: argparse.Namespace) -> int:
    # Slow to import.
    from aikagi.diagnosis import Diagnosis, gravest

    done = []
    with Place.of(options).broker() as broker:
        diagnosis = Diagnosis(
            broker,
            function=options.function,
            origin=options.origin,
            call=options.call,
        )
        for check in diagnosis.checks():
            done.append(check)
            if not options.json and not (options.quiet and check.ok is not False):
                _show(check)
    fault = gravest(done)
    if options.json:
        _show_json(done, fault)
    return Exit.FAILED if fault else Exit.DONE


def _show(check: "Check") -> None:
    mark, colour = _MARKS[check.ok]
    mark = f"{mark:<6}"
    if has_colours(sys.stdout):
        mark = f"\x1b[{colour}m{mark}\x1b[0m"
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    margin = _MARGIN if width >= _ROOM_BESIDE else 2
    lines = [
        line
        for text in (check.detail, check.advice)
        for line in textwrap.wrap(printable(text), max(10, width - margin))
    ]
    head = f"{mark} {check.check:<11} "
    say(head + lines.pop(0) if margin == _MARGIN else head.rstrip())
    for line in lines:
        say(" " * margin + line)
    sys.stdout.flush()


def _show_json(done: "list[Check]", fault: "Check | None") -> None:
    """Tell it in the shape of the browser client's ``diagnose()``."""
    say_json(
        {
            "cause": fault.cause if fault else "none",
            "title": fault.detail if fault else "Nothing is wrong",
            "advice": fault.advice if fault else "",
            "checks": [check.told() for check in done],
        }
    )
