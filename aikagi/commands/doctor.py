"""``aikagi doctor``: why a call does not work."""

import argparse
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_json, has_colours, printable

if TYPE_CHECKING:
    from aikagi.checks import Check
    from aikagi.commands.command import Subparsers

_MARKS: Final = {True: ("ok", "32"), False: ("fault", "31"), None: ("--", "2")}

_MARGIN: Final = 19
_ROOM_BESIDE: Final = 50
"""Columns. In fewer, what is said of a check stands below its name."""


_EPILOG: Final = """\
examples:
  aikagi doctor hello
  aikagi doctor hello --origin https://app.example.com
"""


def add(subparsers: "Subparsers") -> None:
    added = command(
        subparsers, "doctor", "find out why a call does not work", _run, _EPILOG
    )
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
    from aikagi.checks import main_fault
    from aikagi.diagnosis import Diagnosis

    done = []
    with Context.from_options(options).broker() as broker:
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
    fault = main_fault(done)
    if options.json:
        _show_json(done, fault)
    return ExitCode.FAILED if fault else ExitCode.DONE


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
    sys.stdout.write(
        f"{head}{lines.pop(0) if margin == _MARGIN else ''}".rstrip() + "\n"
    )
    for line in lines:
        echo(" " * margin + line)
    sys.stdout.flush()


def _show_json(done: "list[Check]", fault: "Check | None") -> None:
    """Write it in the shape of the browser client's ``diagnose()``."""
    echo_json(
        {
            "cause": fault.cause if fault else "none",
            "title": fault.detail if fault else "Nothing is wrong",
            "advice": fault.advice if fault else "",
            "checks": [check.to_json() for check in done],
        }
    )
