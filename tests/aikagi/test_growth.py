"""What meets answers, files and settings in the client, and what costs it most."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aikagi.address import base_url
from aikagi.calls import _failure as function_failure
from aikagi.checks import time_of
from aikagi.commands.answer import StandardOutput
from aikagi.commands.body import _guess_media_type
from aikagi.commands.call import _header
from aikagi.commands.live_view import LiveView
from aikagi.commands.output import json_text, printable
from aikagi.commands.suggestions import did_you_mean
from aikagi.cors import missing_permission
from aikagi.disk.file_store import FileEntry, _file_name
from aikagi.errors import AikagiError
from aikagi.events import parse_event
from aikagi.grant import Grant
from aikagi.refusals import classify_refusal
from aikagi.signing import canonical_target, join_url, signature_headers
from aikagi.streams import read_events
from aikagi.transport import BrokerTransport
from tests.growth import Case, Record, as_parameters, assert_linear, repeated

HEAD = 65_536
"""Characters of a URL that the HTTP client takes, and about those of headers."""


def stream(media_type: str) -> Callable[[list[bytes]], object]:
    return lambda pieces: list(read_events(pieces, media_type))


def whole(make: Callable[[int], str]) -> Callable[[int], list[bytes]]:
    return lambda size: [make(size).encode()]


def pieces(piece: bytes, *after: bytes) -> Callable[[int], list[bytes]]:
    return lambda size: [piece] * max(1, size // len(piece)) + list(after)


def of_a_stream(name: str, make: Callable[[int], list[bytes]]) -> Case[Any]:
    run = stream("application/x-ndjson")
    return Case(f"NDJSON: {name}", make, run, refusal=(AikagiError,))


def of_sse(name: str, make: Callable[[int], list[bytes]]) -> Case[Any]:
    run = stream("text/event-stream")
    return Case(f"SSE: {name}", make, run, refusal=(AikagiError,))


def of_json(name: str, make: Callable[[int], str]) -> Case[Any]:
    run = stream("application/json")
    return Case(f"JSON: {name}", whole(make), run, refusal=(AikagiError,))


LAST = b'{"type":"result"}\n'
FRAME = b'data: {"type":"ping"}\n\n'
PING = b'{"type":"ping"}\n'

STREAMS: list[Case[Any]] = [
    of_a_stream("events", pieces(PING, LAST)),
    of_a_stream("one piece of events", lambda n: [PING * (n // 16) + LAST]),
    of_a_stream("byte by byte", lambda n: [bytes([b]) for b in PING * (n // 16)]),
    of_a_stream("a line without an end, byte by byte", pieces(b"a")),
    of_a_stream("empty lines", pieces(b"\n")),
    of_a_stream("one piece of empty lines", whole(repeated("\n"))),
    of_a_stream("line ends of two characters", pieces(b"\r\n")),
    of_a_stream("carriage returns", whole(repeated("\r"))),
    of_a_stream("spaces", whole(repeated(" ", after="\n"))),
    of_a_stream("nesting", whole(repeated("[", after="\n"))),
    of_a_stream("escapes", whole(repeated('\\"', '{"a":"', "\n"))),
    Case("text: byte by byte", pieces(b"a"), stream("text/plain")),
    Case("text: half letters", pieces(b"\xe6\x97"), stream("text/plain")),
    Case("bytes in pieces", pieces(b"a" * 64), stream("image/png"), 1_048_576),
    Case(
        "media type", repeated("/;"), lambda kind: list(read_events([b""], kind)), HEAD
    ),
    Case(
        "charset",
        repeated(";\t charset \t", "text/a"),
        lambda kind: list(read_events([b""], kind)),
        HEAD,
    ),
    of_json("nesting", repeated("[")),
    of_json("objects", repeated('{"a":')),
    of_json("a number", repeated("1")),
    of_json("a fraction", repeated("1", "0.")),
    of_json("an exponent", repeated("1", "1e")),
    of_json("escapes", repeated('\\"', '"')),
    of_json("escaped letters", repeated("\\u00e9", '"', '"')),
    of_json("half surrogates", repeated("\\ud83d", '"', '"')),
    of_json("white space", repeated(" \n")),
    of_json("nesting and open strings", repeated('["\\"', '[["')),
    of_json("brackets in open strings", repeated('{\\"', "[" * 501 + '"')),
    of_sse("comments byte by byte", pieces(b":")),
    of_sse("comment lines", pieces(b":\n\n")),
    of_sse("data lines", lambda n: [FRAME, b"data: a\n" * (n // 8)]),
    of_sse("carriage returns", lambda n: [FRAME, b"\r" * n]),
    of_sse("carriage returns in pieces", pieces(b"data: 1\r\r")),
    of_sse("names", lambda n: [FRAME, b"event: a\n" * (n // 9)]),
    of_sse("events", lambda n: [FRAME * (n // len(FRAME))]),
    of_json("members", lambda n: json.dumps({f"a{i}": i for i in range(n // 13)})),
    Case(
        "an event of many members",
        lambda n: {"type": "ping", **{f"a{i}": i for i in range(n // 10)}},
        parse_event,
    ),
]


def ask(status: int, body: bytes, **headers: str) -> object:
    """Ask a broker that answers so."""
    kind = {"content-type": "application/problem+json", **headers}
    answering = httpx2.MockTransport(
        lambda _: httpx2.Response(status, content=body, headers=kind)
    )
    with httpx2.Client(transport=answering) as client:
        return BrokerTransport("https://broker.example", client).request(
            "GET", "auth/me"
        )


def a_problem(name: str, make: Callable[[int], str]) -> Case[Any]:
    return Case(
        f"problem: {name}",
        lambda n: make(n).encode(),
        lambda body: ask(400, body),
        refusal=(AikagiError,),
    )


def fail(body: bytes) -> object:
    return str(function_failure(httpx2.Response(500, content=iter([body]))))


BROKER: list[Case[Any]] = [
    a_problem("title", repeated("a", '{"title":"', '"}')),
    a_problem("escapes", repeated('\\"', '{"title":"', '"}')),
    a_problem("a number", repeated("1", '{"title":0.', "}")),
    a_problem("members", lambda n: json.dumps({f"a{i}": i for i in range(n // 13)})),
    a_problem("no JSON", repeated("a")),
    a_problem(
        "fields that are wrong",
        lambda n: json.dumps({"errors": [{"pointer": "#", "detail": "a"}] * (n // 32)}),
    ),
    Case("failure of a function", lambda n: b"\xe6" * n, fail),
    Case(
        "failure of a function, in pieces",
        lambda n: [b"a"] * n,
        lambda body: function_failure(httpx2.Response(500, content=iter(body))),
    ),
    Case(
        "date of an answer",
        repeated("Mon, 1 Jan "),
        lambda date: time_of(httpx2.Response(200, headers={"date": date})),
        HEAD,
    ),
    Case(
        "digits of a date",
        repeated("1", "Mon, "),
        lambda date: time_of(httpx2.Response(200, headers={"date": date})),
        HEAD,
    ),
    Case(
        "headers of a preflight",
        repeated(" ,"),
        lambda listed: missing_permission(
            {
                "access-control-allow-origin": "*",
                "access-control-allow-methods": "POST",
                "access-control-allow-headers": listed,
            },
            "https://page.example",
        ),
        HEAD,
    ),
    Case(
        "text of a refusal",
        repeated("expire"),
        lambda text: classify_refusal(
            403, {"x-amzn-errortype": "InvalidSignatureException"}, text
        ),
    ),
]

GRANT = Grant(
    function_name="hello",
    func_url="https://abc.lambda-url.ap-northeast-1.on.aws/",
    region="ap-northeast-1",
    invoke_mode="BUFFERED",
    access_key_id="ASIAEXAMPLE",
    secret_access_key="secret",
    session_token="token",
    expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    clock_offset=0,
    lifetime=900,
)


def sign(path: str) -> object:
    url = GRANT.func_url.rstrip("/") + canonical_target(path)
    return signature_headers(GRANT, "GET", url, {}, b"", now=GRANT.expires_at)


def a_path(name: str, text: Callable[[int], str]) -> Case[Any]:
    return Case(f"path: {name}", text, sign, HEAD)


ADDRESSES: list[Case[Any]] = [
    a_path("slashes", repeated("/")),
    a_path("dots", repeated("/..")),
    a_path("escaped dots", repeated("/%2e%2E")),
    a_path("segments taken back", repeated("/a/..")),
    a_path("lone percent signs", repeated("%", "/")),
    a_path("escapes", repeated("%e6", "/")),
    a_path("query of one name", repeated("a&", "/?")),
    a_path("query of equals signs", repeated("=", "/?")),
    a_path("query of plus signs", repeated("+", "/?a=")),
    a_path("query of escapes", repeated("%FF", "/?a=")),
    Case("path to join", repeated("../"), lambda path: join_url(GRANT, path), HEAD),
    Case(
        "address of a broker: brackets",
        repeated("[", "https://"),
        base_url,
        HEAD,
        (AikagiError,),
    ),
    Case(
        "address of a broker: a port",
        repeated("1", "https://a:"),
        base_url,
        HEAD,
        (AikagiError,),
    ),
    Case(
        "address of a broker: at signs",
        repeated("@", "https://"),
        base_url,
        HEAD,
        (AikagiError,),
    ),
    Case("address of a broker: slashes", repeated("/", "https://a"), base_url, HEAD),
    Case("name of a file", repeated("/A"), _file_name, HEAD),
]


def show(texts: list[str]) -> LiveView:
    """Let a terminal show a text as it comes."""
    answer = StandardOutput()
    answer.is_terminal = True
    view = LiveView(answer)
    for text in texts:
        view.show({"type": "output", "text": text})
    return view


TERMINAL: list[Case[Any]] = [
    Case("terminal: a line in pieces", lambda n: ["a"] * n, show, HEAD, (), 4096),
    Case(
        "terminal: a frame of a long line",
        lambda n: show(["a" * n]),
        lambda view: view._console.render_lines(view._frame()),
        smallest=4096,
    ),
    Case("terminal: control characters", repeated("\x1b\r\n\x85"), printable),
    Case(
        "terminal: JSON",
        repeated("\x1b\ud800\u202e"),
        lambda text: json_text({text: text}, for_terminal=True),
    ),
    Case("a word that was mistyped", repeated("ab"), lambda n: did_you_mean(n, [n])),
    Case(
        "words that may be meant",
        lambda n: ["functions"] * (n // 8),
        lambda words: did_you_mean("fucntions", words),
    ),
    Case("data: nesting", lambda n: b"[" * n, _guess_media_type),
    Case("data: escapes", lambda n: b'["' + b'\\"' * n, _guess_media_type),
    Case("data: white space", lambda n: b" " * n, _guess_media_type),
    Case("data: a number", lambda n: b"[" + b"1" * n, _guess_media_type),
    Case("option of a header", repeated(":", "a: b"), _header),
]

CASES = [*STREAMS, *BROKER, *ADDRESSES, *TERMINAL]


@pytest.mark.parametrize("case", as_parameters(CASES))
def test_work_grows_linearly(case: Case[Any], record_property: Record):
    assert_linear(case, record_property)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("file: nesting", repeated("[")),
        ("file: escapes", repeated('\\"', '{"a":"', '"}')),
        ("file: a number", repeated("1", '{"a":0.', "}")),
        ("file: no JSON", repeated("a")),
    ],
)
def test_work_with_a_file_grows_linearly(
    name: str, text: Callable[[int], str], tmp_path: Path, record_property: Record
):
    def written(size: int) -> FileEntry:
        path = tmp_path / str(size)
        path.write_text(text(size))
        path.chmod(0o600)
        return FileEntry(path, tmp_path)

    case = Case(name, written, FileEntry.read, refusal=(AikagiError,))

    assert_linear(case, record_property)
