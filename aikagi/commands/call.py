"""``aikagi call``: run a function, and watch it."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.exits import Exit
from aikagi.commands.place import Place, UsageError
from aikagi.commands.saying import note

if TYPE_CHECKING:
    from aikagi.calls import Call
    from aikagi.commands.command import Areas
    from aikagi.commands.views import View

_EPILOG: Final = """\
examples:
  aikagi call hello
  aikagi call summarise --data @report.txt
  curl -s https://… | aikagi call summarise --data @- > summary.txt
  aikagi call report --data '{"text": "one two two"}' --json

Standard output has the streamed text or, where there is none, the result; progress
is on standard error. With --json it has the events, one JSON object a line.
"""

_GOES_ON: Final = (
    "Stopped watching. The function goes on to its end, and is billed for it."
)


def add(areas: "Areas") -> None:
    added = command(areas, "call", "call a function, and show what it does", _run)
    added.epilog = _EPILOG
    added.add_argument("function", metavar="FUNCTION")
    added.add_argument(
        "-d",
        "--data",
        metavar="TEXT",
        help="what it is sent: a text, @file, or @- for standard input",
    )
    added.add_argument("-X", "--method", help="POST where there is data, else GET")
    added.add_argument(
        "--path", default="", help="on the function's address, with its query"
    )
    added.add_argument(
        "-H",
        "--header",
        dest="headers",
        action="append",
        default=[],
        metavar="NAME:VALUE",
        help="may be given several times; Content-Type is told from the data",
    )


def _run(options: argparse.Namespace) -> int:
    # Not wanted where a cache answers.
    from aikagi.commands.data import read_data

    headers = dict(_header(each) for each in options.headers)
    data = None if options.data is None else read_data(options.data)
    if data is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = data.media_type
    with Place.of(options).broker() as broker:
        call = broker.call(
            options.function,
            method=_method(options.method),
            path=options.path,
            data=None if data is None else data.body,
            headers=headers,
        )
        return _watch(call, _view(options))


def _watch(call: "Call", view: "View") -> int:
    from aikagi.events import read_event

    try:
        with view:
            for told in call.told():
                view.show(told)
                read_event(told)  # a failure is raised
    except KeyboardInterrupt:
        note(_GOES_ON)
        return Exit.INTERRUPTED
    return Exit.DONE


def _view(options: argparse.Namespace) -> "View":
    from aikagi.commands.views import Events, Plain, Quiet

    if options.json:
        return Events()
    if options.quiet:
        return Quiet()
    if not sys.stderr.isatty():
        return Plain()
    # Slow to import, and wanted by people alone.
    from aikagi.commands.live_view import LiveView

    return LiveView()


def _method(typed: str | None) -> str | None:
    if typed is None:
        return None
    if not (typed.isascii() and typed.isalpha()):
        raise UsageError(f"{typed!r} is no method")
    return typed.upper()


def _header(typed: str) -> tuple[str, str]:
    name, colon, value = typed.partition(":")
    if not colon or not name.strip() or not typed.isascii() or not typed.isprintable():
        raise UsageError(f"{typed!r} is no header: NAME:VALUE")
    return name.strip(), value.strip()
