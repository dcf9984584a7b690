"""``aikagi call``: run a function, and watch it."""

import argparse
import re
import sys
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context, UsageError
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo_error
from aikagi.commands.suggestions import suggested
from aikagi.errors import EndedEarlyError, UnreachableError

if TYPE_CHECKING:
    from aikagi.calls import Call
    from aikagi.commands.answer import Answer
    from aikagi.commands.command import Subparsers
    from aikagi.commands.views import View

_EPILOG: Final = """\
examples:
  aikagi call hello
  aikagi call summarise --data @report.txt
  curl -s https://… | aikagi call summarise --data @- > summary.txt
  aikagi call report --data '{"text": "one two two"}' --json
  aikagi call summarise --data @report.txt --output summary.txt --timeout 60

The answer is the streamed text or, where there is none, the result; progress is on
standard error. With --json it is the events, one JSON object a line. A file named by
--output is replaced when the call has succeeded, and else left as it was.
"""

_GOES_ON: Final = "The function goes on to its end, and is billed for it."

_MOST_SECONDS: Final = 86_400

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, section 5.6.2: what a header's name is."""

_FRAMING: Final = frozenset(
    {"connection", "content-length", "host", "transfer-encoding"}
)
"""Headers that say where a request ends, and whom it is for."""


def add(subparsers: "Subparsers") -> None:
    added = command(
        subparsers, "call", "call a function, and show what it does", _run, _EPILOG
    )
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
    added.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where the answer goes; - is standard output",
    )
    added.add_argument(
        "-i",
        "--include",
        action="store_true",
        help="put the answer's status and headers before it",
    )
    added.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="give up when the whole answer is not there by then; 960, unless given",
    )


def _run(options: argparse.Namespace) -> int:
    # Not wanted where a cache answers.
    from aikagi.commands.answer import answer_to
    from aikagi.commands.body import read_body
    from aikagi.http_client import LONGEST

    headers = dict(_header(typed) for typed in options.headers)
    body = None if options.data is None else read_body(options.data)
    if body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = body.media_type
    method = _method(options.method)
    context = Context.from_options(options)
    answer = answer_to(options.output)
    is_whole = False
    try:
        with context.broker() as broker, suggested(context, broker, options.function):
            call = broker.call(
                options.function,
                method=method,
                path=options.path,
                data=None if body is None else body.content,
                headers=headers,
                timeout=options.timeout or LONGEST,
            )
            code = _watch(call, _view(options, answer), options)
        is_whole = code == ExitCode.DONE
    finally:
        answer.close(is_whole=is_whole)
    return code


def _watch(call: "Call", view: "View", options: argparse.Namespace) -> int:
    try:
        with view:
            _show_events(call, view, options)
    except KeyboardInterrupt:
        echo_error(f"Stopped watching. {_GOES_ON}")
        return ExitCode.INTERRUPTED
    except (UnreachableError, EndedEarlyError) as error:
        import httpx2

        if isinstance(error.__cause__, httpx2.ReadTimeout):
            error.add_note(_GOES_ON)
        raise
    return ExitCode.DONE


def _show_events(call: "Call", view: "View", options: argparse.Namespace) -> None:
    from aikagi.events import parse_event

    wants_head = options.include
    try:
        for event in call.raw_events(whole=options.json):
            if wants_head and call.head is not None:
                wants_head = False
                view.show_head(call.head)
            view.show(event)
            # A failure is raised.
            parse_event(event, call.head.request_id if call.head else None)
    finally:
        # A failure, and an answer that was cut, has no event.
        if wants_head and call.head is not None:
            view.show_head(call.head)


def _view(options: argparse.Namespace, answer: "Answer") -> "View":
    from aikagi.commands.views import JsonView, PlainView, QuietView

    if options.json:
        return JsonView(answer)
    if options.quiet:
        return QuietView(answer)
    if not sys.stderr.isatty():
        return PlainView(answer)
    # Slow to import, and wanted by people alone.
    from aikagi.commands.live_view import LiveView

    return LiveView(answer)


def _seconds(typed: str) -> float:
    try:
        seconds = float(typed)
    except ValueError:
        seconds = 0
    if not 0 < seconds < _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{typed!r} is no number of seconds")
    return seconds


def _method(typed: str | None) -> str | None:
    if typed is None:
        return None
    if not (typed.isascii() and typed.isalpha()):
        raise UsageError(f"{typed!r} is no method")
    return typed.upper()


def _header(typed: str) -> tuple[str, str]:
    name, colon, value = typed.partition(":")
    name, value = name.strip(), value.strip()
    is_value = value.isascii() and value.isprintable()
    if not colon or not _TOKEN.fullmatch(name) or not is_value:
        raise UsageError(f"{typed!r} is no header: NAME:VALUE")
    if name.lower() in _FRAMING:
        raise UsageError(f"{name} follows from the address and the data")
    return name, value
