"""``aikagi call`` ends as the vectors say, and keeps every answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.aikagi.commands.conftest import Ran, Typed, log_in
from tests.aikagi.loopback import Loopback, answer_of, running
from tests.vector_files import Vector, bytes_of, expected, reads

EXIT_CODES: Final = {
    "TaskError": 1,
    "FunctionError": 1,
    "EndedEarlyError": 6,
    "MalformedError": 6,
}


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    yield from running()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def alice_typed(typed: Typed, loopback: Loopback, state: Path) -> Typed:
    """Log alice in, once for all."""
    if not any(state.iterdir()):
        assert log_in(typed, loopback).code == 0
    return typed


@reads("events")
def test_a_stream_is_shown(alice_typed: Typed, loopback: Loopback, vector: Vector):
    check(alice_typed, loopback, vector)


@reads("answers")
def test_an_answer_is_shown(alice_typed: Typed, loopback: Loopback, vector: Vector):
    check(alice_typed, loopback, vector)


def check(alice_typed: Typed, loopback: Loopback, vector: Vector) -> None:
    pieces = [bytes_of(chunk) for chunk in vector["chunks"]]
    loopback.answer = lambda _: answer_of(vector, pieces)
    wanted, error = expected(vector)

    ran = alice_typed("call", "hello", "-X", "POST", "--quiet")
    as_json = alice_typed("call", "hello", "-X", "POST", "--json")

    code = 0 if error is None else EXIT_CODES[error["name"]]
    assert (ran.code, as_json.code) == (code, code)
    assert "Traceback" not in ran.err + as_json.err
    assert bool(ran.err) == (error is not None)
    printed = [json.loads(line) for line in as_json.out.splitlines()]
    if error is None:
        assert printed[-1] == wanted[-1]
        require_shown(ran, wanted, pieces)


def require_shown(ran: Ran, wanted: list[Vector], pieces: list[bytes]) -> None:
    """The streamed text or, where there is none, the result is what is printed."""
    streamed = [event["text"] for event in wanted if event["type"] == "output"]
    result = wanted[-1]
    if "base64" in result:
        assert ran.out == b"".join(pieces).decode(errors="replace")
    elif streamed == ["*"] or (not streamed and isinstance(result.get("value"), str)):
        assert ran.out == line(result["value"])
    elif streamed:
        assert ran.out == line("".join(streamed))
    else:
        assert json.loads(ran.out) == result.get("value")


def line(text: str) -> str:
    """Write a text as a line, with what has no UTF-8 replaced."""
    written = text.encode(errors="replace").decode()
    return written if written.endswith("\n") else f"{written}\n"
