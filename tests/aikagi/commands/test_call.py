"""``aikagi call``, in a pipe and at a terminal."""

import json
import re
import signal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.aikagi.commands.conftest import Process, Typed, log_in
from tests.aikagi.loopback import (
    NDJSON,
    Answer,
    Loopback,
    events,
    json_answer,
    problem,
)
from tests.terminal import Terminal

STREAM: tuple[dict[str, Any], ...] = (
    {"type": "start", "total": 3},
    {"type": "progress", "done": 1, "total": 4, "code": "reading"},
    {"type": "ping"},
    {"type": "progress", "done": 2, "total": 4, "message": "Half read"},
    {"type": "output", "text": "鍵を"},
    {"type": "output", "text": "貸す"},
    {"type": "result", "value": {"sentences": 1}},
)


@pytest.fixture
def streaming(loopback: Loopback) -> Loopback:
    loopback.answer = lambda _: events(*STREAM)
    return loopback


def test_in_a_pipe_the_text_is_the_output_and_progress_stands_beside_it(
    alice_typed: Typed, streaming: Loopback
):
    ran = alice_typed("call", "hello", "--data", "x")

    assert (ran.code, ran.out) == (0, "鍵を貸す\n")
    assert ran.err.splitlines() == [
        "started",
        "reading 25%",
        "Half read 50%",
        '{"sentences": 1}',
    ]


def test_as_json_the_events_are_told_as_they_came(
    alice_typed: Typed, streaming: Loopback
):
    ran = alice_typed("call", "hello", "--data", "x", "--json")

    assert [json.loads(line) for line in ran.out.splitlines()] == list(STREAM)
    assert ran.err == ""


def test_quietly_there_is_the_answer_alone(alice_typed: Typed, streaming: Loopback):
    ran = alice_typed("call", "hello", "-q")

    assert (ran.out, ran.err) == ("鍵を貸す\n", "")


@pytest.mark.parametrize(
    ("answer", "out"),
    [
        pytest.param(json_answer({"a": "合"}), '{\n  "a": "合"\n}\n', id="JSON"),
        pytest.param(json_answer("a text"), "a text\n", id="a JSON text"),
        pytest.param(
            Answer(media_type="text/plain", pieces=(b"a\n", b"b\n")),
            "a\nb\n",
            id="text",
        ),
        pytest.param(
            Answer(media_type="image/png", pieces=(b"PNG",)), "PNG", id="bytes"
        ),
    ],
)
def test_without_streamed_text_the_result_is_the_output(
    alice_typed: Typed, loopback: Loopback, answer: Answer, out: str
):
    loopback.answer = lambda _: answer

    ran = alice_typed("call", "hello")

    assert (ran.code, ran.out, ran.err) == (0, out, "")


def test_bytes_are_base64_as_json(alice_typed: Typed, loopback: Loopback):
    loopback.answer = lambda _: Answer(media_type="image/png", pieces=(b"\xff",))

    ran = alice_typed("call", "hello", "--json")

    assert json.loads(ran.out) == {"type": "result", "base64": "/w=="}


@pytest.mark.parametrize(
    ("data", "body", "media_type"),
    [
        pytest.param("合鍵", "合鍵".encode(), "text/plain; charset=utf-8", id="text"),
        pytest.param('{"a": 1}', b'{"a": 1}', "application/json", id="JSON"),
        pytest.param("{not", b"{not", "text/plain; charset=utf-8", id="nearly JSON"),
        pytest.param("", b"", "text/plain; charset=utf-8", id="nothing"),
        pytest.param("@notes.txt", b"notes", "text/plain; charset=utf-8", id="a file"),
        pytest.param("@a.md", b"# A", "text/plain; charset=utf-8", id="another text"),
        pytest.param("@a.png", b"PNG", "image/png", id="a file of a known kind"),
        pytest.param("@a.bin", b"\xff", "application/octet-stream", id="bytes"),
        pytest.param("@-", b"in", "text/plain; charset=utf-8", id="standard input"),
    ],
)
def test_data_is_sent_as_what_it_is(
    alice_typed: Typed,
    loopback: Loopback,
    tmp_path: Path,
    data: str,
    body: bytes,
    media_type: str,
):
    (tmp_path / "notes.txt").write_bytes(b"notes")
    (tmp_path / "a.md").write_bytes(b"# A")
    (tmp_path / "a.png").write_bytes(b"PNG")
    (tmp_path / "a.bin").write_bytes(b"\xff")

    ran = alice_typed("call", "hello", "--data", data, stdin=b"in")

    assert ran.code == 0, ran.err
    [call] = loopback.calls
    assert (call.method, call.body) == ("POST", body)
    assert call.header("content-type") == (media_type,)


def test_method_path_and_headers_are_the_callers(
    alice_typed: Typed, loopback: Loopback
):
    ran = alice_typed(
        *("call", "hello", "-X", "put", "--path", "/a b?q=1", "-d", "{}"),
        *("-H", "X-Words: a b", "-H", "content-type: text/csv"),
    )

    assert ran.code == 0, ran.err
    [call] = loopback.calls
    assert (call.method, call.raw_path, call.raw_query) == ("PUT", "/a%20b", "q=1")
    assert call.header("x-words") == ("a b",)
    assert call.header("content-type") == ("text/csv",)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("-H", "no colon"), id="a header without a colon"),
        pytest.param(("-H", "X: a\nY: b"), id="two headers in one"),
        pytest.param(("-H", "a b: c"), id="a header whose name is two words"),
        pytest.param(("-H", "X: é"), id="a header of other letters"),
        pytest.param(("-H", "Host: evil.example"), id="another host"),
        pytest.param(("-H", "content-length: 9"), id="another length"),
        pytest.param(("--path", "/\x01"), id="a path with a control character"),
        pytest.param(("--path", "/\udcff"), id="a path of no letters"),
        pytest.param(("--path", "/" + "a" * 70_000), id="a path without an end"),
        pytest.param(("--path", "//["), id="a path that is half an address"),
        pytest.param(("-X", "GET /"), id="a method with more"),
        pytest.param(("-d", "@nothing"), id="no such file"),
        pytest.param(("--path", "//evil.example/"), id="another origin"),
    ],
)
def test_what_cannot_be_sent_is_not(
    alice_typed: Typed, loopback: Loopback, words: tuple[str, ...]
):
    ran = alice_typed("call", "hello", *words)

    assert (ran.code, ran.out, loopback.calls) == (2, "", [])
    assert ran.err.endswith("\n")


def failed(status: int, **headers: str) -> Answer:
    return json_answer({"Message": "its words"}, status, **headers)


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        pytest.param(
            events({"type": "error", "code": "deadline", "message": "Too long"}),
            1,
            "Too long (request lambda-r-1).\n",
            id="an error event",
        ),
        pytest.param(failed(500), 1, 'its words"}\n', id="its own failure"),
        pytest.param(
            Answer(status=500, pieces=(b"no" * 100_000,)),
            1,
            "nono\nThis is the beginning of a longer answer.\n",
            id="its own failure, at length",
        ),
        pytest.param(
            Answer(status=500, pieces=(b"no",), cut=True),
            1,
            "no\nThis is the beginning of a longer answer.\n",
            id="its own failure, broken off",
        ),
        pytest.param(
            failed(429, **{"x-amzn-errortype": "TooManyRequestsException"}),
            1,
            "answered 429: TooManyRequestsException (request lambda-r-1).",
            id="throttled",
        ),
        pytest.param(
            events({"type": "start"}), 6, "ended before its last event", id="cut"
        ),
        pytest.param(
            Answer(media_type=NDJSON, pieces=(b"no\n",)), 6, "not JSON", id="malformed"
        ),
        pytest.param(
            Answer(status=302, headers={"Location": "/x"}), 2, "redirects", id="moved"
        ),
    ],
)
def test_the_exit_code_tells_what_a_call_came_to(
    alice_typed: Typed, loopback: Loopback, answer: Answer, code: int, said: str
):
    loopback.answer = lambda _: answer

    ran = alice_typed("call", "hello")

    assert ran.code == code
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        pytest.param(
            problem(403, "function-not-available", "Not yours"), 4, "Not yours", id="no"
        ),
        pytest.param(
            problem(429, "too-often", "Too often", **{"Retry-After": "7"}),
            4,
            "Try again in 7 s.",
            id="later",
        ),
        pytest.param(
            problem(429, "login-limited", "Too often", **{"Retry-After": "3541"}),
            4,
            "Try again in 60 min.",
            id="much later",
        ),
        pytest.param(problem(503, "x", "Out of order"), 5, "order", id="broken"),
        pytest.param(
            Answer(pieces=(b"{",), cut=True), 5, "cannot be reached", id="cut"
        ),
    ],
)
def test_the_exit_code_tells_what_the_broker_said(
    alice_typed: Typed, loopback: Loopback, answer: Answer, code: int, said: str
):
    loopback.broker_answers = [answer]

    ran = alice_typed("call", "hello")

    assert ran.code == code
    assert said in ran.err
    assert loopback.calls == []


def test_a_function_out_of_reach_is_said(alice_typed: Typed, loopback: Loopback):
    loopback.function = "http://localhost:1/"

    ran = alice_typed("call", "hello")

    assert ran.code == 5
    assert ran.err == "The function cannot be reached: Connection refused.\n"


def test_who_reads_no_further_is_left_in_peace(
    typed: Typed, loopback: Loopback, process: Process
):
    assert log_in(typed, loopback).code == 0
    loopback.answer = lambda _: Answer(
        media_type="text/plain", pieces=(b"x" * 70_000 + b"\n",) * 20
    )
    running = process("call", "hello", "-q")
    assert running.stdout
    assert running.stderr

    running.stdout.read(10)
    running.stdout.close()

    assert running.wait(30) == 141
    assert running.stderr.read() == b""
    running.stderr.close()


class Held:
    """A stream that a test lets go on."""

    def __init__(self, *before: dict[str, Any]) -> None:
        self._before = before
        self.go_on = Event()

    def __call__(self, _: object) -> Answer:
        return Answer(media_type=NDJSON, pieces=self._pieces())

    def _pieces(self) -> Any:
        for event in self._before:
            yield f"{json.dumps(event)}\n".encode()
        self.go_on.wait(30)
        yield b'{"type": "result", "value": {"sentences": 1}}\n'


@pytest.fixture
def held(typed: Typed, loopback: Loopback) -> Held:
    assert log_in(typed, loopback).code == 0
    held = Held(
        {"type": "progress", "done": 1, "total": 4, "message": "Ranking \x1b[31mred"},
        {"type": "output", "text": "One line.\nAnd \x1b]0;title\x07half"},
    )
    loopback.answer = held
    return held


def watch(folder: Path, columns: int, **variables: str) -> Terminal:
    return Terminal(
        folder,
        *("call", "hello", "-d", "x"),
        module="aikagi",
        columns=columns,
        XDG_STATE_HOME=str(folder / "state"),
        **variables,
    )


def plain(seen: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)


@pytest.mark.parametrize("columns", [100, 30])
def test_at_a_terminal_a_bar_moves_below_the_text(
    tmp_path: Path, held: Held, columns: int
):
    terminal = watch(tmp_path, columns)

    terminal.wait_for("25%")
    terminal.wait_for("half")
    held.go_on.set()

    assert terminal.finish() == 0
    seen = plain(terminal.seen)
    assert ("━━━" in seen) == (columns == 100)
    assert "One line.\r\n" in seen
    # What comes from elsewhere moves no cursor and names no window.
    assert "\x1b]0" not in terminal.seen
    assert "\x1b[31mred" not in terminal.seen
    # In the end the text and the result stand there, and no bar.
    after = plain(terminal.seen.rpartition("\x1b[2K")[2])
    assert after.lstrip("\r\n").startswith("And \N{REPLACEMENT CHARACTER}]0;title")
    assert '{"sentences": 1}' in after
    assert "━" not in after


def test_who_wants_no_colour_gets_none(tmp_path: Path, held: Held):
    terminal = watch(tmp_path, 100, NO_COLOR="1")

    terminal.wait_for("25%")
    held.go_on.set()

    assert terminal.finish() == 0
    colours = re.findall(r"\x1b\[([0-9;]*)m", terminal.seen)
    assert {code for colour in colours for code in colour.split(";")} <= {
        "",
        "0",
        "1",
        "2",
    }


def test_whoever_stops_watching_hears_that_it_goes_on(tmp_path: Path, held: Held):
    terminal = watch(tmp_path, 80)

    terminal.wait_for("half")
    terminal.interrupt()

    assert terminal.finish() == 130
    held.go_on.set()
    assert "The function goes on to its end, and is billed for it." in terminal.seen
    assert "Traceback" not in terminal.seen
    assert terminal.seen.rstrip().endswith("it.")


def test_a_pipe_that_is_interrupted_says_so_too(
    typed: Typed, loopback: Loopback, held: Held, process: Process
):
    running = process("call", "hello", "-d", "x")
    assert running.stdout
    assert running.stdout.readline() == b"One line.\n"

    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)

    held.go_on.set()
    assert running.returncode == 130
    assert b"goes on to its end" in err
    assert b"Traceback" not in err
