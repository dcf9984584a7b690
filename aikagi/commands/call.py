"""``aikagi call``: run a function, and watch it."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context, UsageError
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo_error

if TYPE_CHECKING:
    from aikagi.calls import Call
    from aikagi.commands.command import Subparsers
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


def add(subparsers: "Subparsers") -> None:
    added = command(subparsers, "call", "call a function, and show what it does", _run)
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
        help="may be given several times; Content-Type follows from the data",
    )


def _run(options: argparse.Namespace) -> int:
    # Not wanted where a cache answers.
    from aikagi.commands.body import read_body

    headers = dict(_header(typed) for typed in options.headers)
    body = None if options.data is None else read_body(options.data)
    if body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = body.media_type
    with Context.from_options(options).broker() as broker:
        call = broker.call(
            options.function,
            method=_method(options.method),
            path=options.path,
            data=None if body is None else body.content,
            headers=headers,
        )
        return _watch(call, _view(options))


def _watch(call: "Call", view: "View") -> int:
    from aikagi.events import parse_event

    try:
        with view:
            for event in call.raw_events():
                view.show(event)
                parse_event(event)  # a failure is raised
    except KeyboardInterrupt:
        echo_error(_GOES_ON)
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


def _view(options: argparse.Namespace) -> "View":
    from aikagi.commands.views import JsonView, PlainView, QuietView

    if options.json:
        return JsonView()
    if options.quiet:
        return QuietView()
    if not sys.stderr.isatty():
        return PlainView()
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
