"""Where the answer of a call goes, what stands before it, and how long it may take."""

import json
import os
import stat
import time
from pathlib import Path
from threading import Event
from typing import Any, Final

import pytest

from aikagi.streams import LONGEST_LINE
from tests.aikagi.commands.conftest import Typed, log_in
from tests.aikagi.loopback import NDJSON, Answer, Loopback, events, json_answer
from tests.terminal import Terminal

OBEYED: Final = "\x1b]0;t\x07\x9b31m\u202eabc"


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        pytest.param(json_answer({"a": "合"}), '{\n  "a": "合"\n}\n', id="JSON"),
        pytest.param(
            events({"type": "output", "text": "鍵"}, {"type": "result", "value": 1}),
            "鍵\n",
            id="streamed text",
        ),
        pytest.param(
            Answer(media_type="text/plain", pieces=(OBEYED.encode(),)),
            f"{OBEYED}\n",
            id="text that a terminal would obey",
        ),
    ],
)
def test_a_file_gets_what_standard_output_would(
    alice_typed: Typed,
    loopback: Loopback,
    tmp_path: Path,
    answer: Answer,
    written: str,
):
    loopback.answer = lambda _: answer

    ran = alice_typed("call", "hello", "--output", "answer", "-q")
    here = alice_typed("call", "hello", "--output", "-", "-q")

    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (tmp_path / "answer").read_text() == written
    assert here.out == written


def test_bytes_go_into_a_file_as_they_are(
    alice_typed: Typed, loopback: Loopback, tmp_path: Path
):
    pieces = (bytes(range(256)), b"\xff\x1b")
    loopback.answer = lambda _: Answer(media_type="image/png", pieces=pieces)

    assert alice_typed("call", "hello", "-o", "a.png").code == 0

    assert (tmp_path / "a.png").read_bytes() == b"".join(pieces)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) & 0o600 == 0o600


def test_json_that_nobody_could_hold_is_passed_on_as_it_is(
    alice_typed: Typed, loopback: Loopback, tmp_path: Path
):
    body = b"[" + b"1, " * (LONGEST_LINE // 3) + b"1]"
    loopback.answer = lambda _: Answer(pieces=(body,))

    ran = alice_typed("call", "hello", "--output", "answer")

    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / "answer").read_bytes() == body
    assert alice_typed("call", "hello", "--json").code == 6


@pytest.mark.parametrize("before", [None, "as it was"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(json_answer({}, 500), id="a failure"),
        pytest.param(events({"type": "output", "text": "half"}), id="cut"),
        pytest.param(
            events(
                {"type": "output", "text": "half"},
                {"type": "error", "code": "x", "message": "no"},
            ),
            id="an error event",
        ),
    ],
)
def test_a_file_is_replaced_by_a_whole_answer_alone(
    alice_typed: Typed,
    loopback: Loopback,
    tmp_path: Path,
    answer: Answer,
    before: str | None,
):
    file = tmp_path / "answer"
    if before is not None:
        file.write_text(before)
    names = sorted(path.name for path in tmp_path.iterdir())
    loopback.answer = lambda _: answer

    assert alice_typed("call", "hello", "--output", "answer").code in {1, 6}

    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert before is None or file.read_text() == before
    loopback.answer = lambda _: json_answer(1)
    assert alice_typed("call", "hello", "--output", "answer").code == 0
    assert file.read_text() == "1\n"


@pytest.mark.parametrize("kind", ["a link", "a folder", "nowhere"])
def test_what_cannot_take_an_answer_is_said_before_the_call(
    alice_typed: Typed, loopback: Loopback, tmp_path: Path, kind: str
):
    path = tmp_path / "answer"
    victim = tmp_path / "victim"
    match kind:
        case "a link":
            victim.write_text("as it was")
            path.symlink_to(victim)
        case "a folder":
            path.mkdir()
        case _:
            path = path / "deeper"

    ran = alice_typed("call", "hello", "--output", str(path))

    assert ran.code in {2, 7}
    assert str(path) in ran.err
    assert loopback.calls == []
    assert kind != "a link" or victim.read_text() == "as it was"


def test_what_is_no_regular_file_is_written_to(
    alice_typed: Typed, loopback: Loopback, tmp_path: Path
):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    null = tmp_path / "null"
    null.symlink_to("/dev/null")

    assert alice_typed("call", "hello", "--output", str(pipe)).code == 0
    assert alice_typed("call", "hello", "--output", str(null)).code == 0

    assert json.loads(os.read(reader, 4096)) == {"ok": True}
    os.close(reader)
    assert null.is_symlink()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_status_and_headers_come_first_if_they_are_wanted(
    alice_typed: Typed, loopback: Loopback
):
    loopback.answer = lambda _: json_answer({"a": 1}, 201, **{"X-Words": "a b"})

    head, _, body = alice_typed("call", "hello", "-i").out.partition("\n\n")

    assert head.splitlines()[0] == "HTTP/1.1 201 Created"
    assert "x-words: a b" in head.splitlines()
    assert json.loads(body) == {"a": 1}
    assert alice_typed("call", "hello").out == '{\n  "a": 1\n}\n'


def test_status_and_headers_are_an_object_as_json(
    alice_typed: Typed, loopback: Loopback
):
    first, second = alice_typed("call", "hello", "-i", "--json").out.splitlines()

    told = json.loads(first)
    assert (told["type"], told["status"]) == ("response", 200)
    assert told["headers"]["x-amzn-requestid"] == "lambda-r-1"
    assert json.loads(second) == {"type": "result", "value": {"ok": True}}


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_failure_has_its_status_and_headers_too(
    alice_typed: Typed, loopback: Loopback, status: int
):
    loopback.answer = lambda _: json_answer({"no": 1}, status)

    ran = alice_typed("call", "hello", "--include")

    assert ran.code != 0
    assert ran.out.startswith(f"HTTP/1.1 {status} ")
    assert ran.out.endswith("\n\n")


class Silent:
    """A function that begins, and says nothing more until a test lets it."""

    def __init__(self) -> None:
        self.go_on = Event()

    def __call__(self, _: object) -> Answer:
        return Answer(media_type=NDJSON, pieces=self._pieces())

    def _pieces(self) -> Any:
        yield b'{"type": "output", "text": "a"}\n'
        self.go_on.wait(30)


def test_who_waits_no_longer_is_told_that_the_function_goes_on(
    alice_typed: Typed, loopback: Loopback
):
    silent = Silent()
    loopback.answer = silent
    began = time.monotonic()

    ran = alice_typed("call", "hello", "--timeout", "0.5")

    took = time.monotonic() - began
    silent.go_on.set()
    assert (ran.code, ran.out) == (6, "a\n")
    assert ran.err == (
        "The answer ended before its last event: it did not answer in time.\n"
        "The function goes on to its end, and is billed for it.\n"
    )
    assert 0.4 < took < 10
    assert alice_typed("call", "hello", "--timeout", "20.5").code == 6


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e9", "soon", ""])
def test_a_time_that_is_none_is_refused(
    alice_typed: Typed, loopback: Loopback, seconds: str
):
    with pytest.raises(SystemExit) as ended:
        alice_typed("call", "hello", "--timeout", seconds)

    assert (ended.value.code, loopback.calls) == (2, [])


@pytest.mark.parametrize("words", [("--include",), ("--include", "--json")])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(json_answer({"a": OBEYED}), id="JSON"),
        pytest.param(
            Answer(media_type="text/plain", pieces=(OBEYED.encode(),)), id="text"
        ),
        pytest.param(
            Answer(media_type="image/png", pieces=(OBEYED.encode(),)), id="bytes"
        ),
        pytest.param(
            events(
                {"type": "progress", "done": 1, "message": OBEYED},
                {"type": "output", "text": OBEYED},
                {"type": "result", "value": {OBEYED: OBEYED}},
            ),
            id="events",
        ),
        pytest.param(
            events({"type": "error", "code": OBEYED, "message": OBEYED}), id="an error"
        ),
        pytest.param(
            json_answer(OBEYED, 500, **{"x-amzn-requestid": "\x9b31m"}), id="a failure"
        ),
        pytest.param(json_answer(1, 200, **{"X-Words": "\x9b31m"}), id="a header"),
    ],
)
def test_no_answer_tells_a_terminal_what_to_do(
    typed: Typed,
    loopback: Loopback,
    tmp_path: Path,
    answer: Answer,
    words: tuple[str, ...],
):
    assert log_in(typed, loopback).code == 0
    loopback.answer = lambda _: answer

    terminal = Terminal(
        tmp_path, "call", "hello", *words, XDG_STATE_HOME=str(tmp_path / "state")
    )

    assert terminal.finish() in {0, 1}
    assert "\x1b]" not in terminal.seen
    assert "\x07" not in terminal.seen
    assert "\x9b" not in terminal.seen
    assert "\u202e" not in terminal.seen
    assert "Traceback" not in terminal.seen


def test_json_at_a_terminal_is_the_same_json(
    typed: Typed, loopback: Loopback, tmp_path: Path
):
    assert log_in(typed, loopback).code == 0
    loopback.answer = lambda _: json_answer({"a": OBEYED})

    words = ("call", "hello", "--json")
    terminal = Terminal(tmp_path, *words, XDG_STATE_HOME=str(tmp_path / "state"))

    assert terminal.finish() == 0
    assert json.loads(terminal.seen)["value"] == {"a": OBEYED}
    assert json.loads(typed(*words).out)["value"] == {"a": OBEYED}
    assert "\u202e" in typed(*words).out  # a program gets what came
