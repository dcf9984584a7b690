import json

import pytest

from aikagi_function.events import (
    Error,
    Event,
    Output,
    Ping,
    Progress,
    Result,
    Start,
    encode,
    is_last,
)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        pytest.param(Start(), b'{"type":"start"}\n', id="start"),
        pytest.param(Start(7), b'{"type":"start","total":7}\n', id="start, counted"),
        pytest.param(Progress(0), b'{"type":"progress","done":0}\n', id="progress"),
        pytest.param(
            Progress(1, 2, "reading", "Reading."),
            b'{"type":"progress","done":1,"total":2,"code":"reading","message":"Reading."}\n',
            id="progress, in full",
        ),
        pytest.param(
            Output("a\nb"), b'{"type":"output","text":"a\\nb"}\n', id="output"
        ),
        pytest.param(
            Output("合鍵"),
            '{"type":"output","text":"合鍵"}\n'.encode(),
            id="output beyond ASCII",
        ),
        pytest.param(Ping(), b'{"type":"ping"}\n', id="ping"),
        pytest.param(Result(), b'{"type":"result","value":null}\n', id="no value"),
        pytest.param(
            Result({"a": None}), b'{"type":"result","value":{"a":null}}\n', id="result"
        ),
        pytest.param(
            Error("busy", "Try again."),
            b'{"type":"error","code":"busy","message":"Try again."}\n',
            id="error",
        ),
    ],
)
def test_an_event_is_one_line_of_json(event: Event, line: bytes):
    assert encode(event) == line


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\x85\u2028\u2029\r\n\v\f\x1c", id="ends of lines"),
        pytest.param("\ud83d", id="half a character"),
        pytest.param('"\\\x00', id="what JSON escapes"),
    ],
)
def test_no_text_breaks_its_line(text: str):
    line = encode(Output(text)).decode()

    assert line.splitlines(keepends=True) == [line]
    assert json.loads(line)["text"] == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"octets", {1j}])
def test_what_json_cannot_hold_is_refused(value: object):
    with pytest.raises((TypeError, ValueError)):
        encode(Result(value))


def test_what_is_no_event_is_refused():
    with pytest.raises(TypeError, match="not dict"):
        encode({"type": "ping"})  # type: ignore[arg-type] # an author may not use mypy


def test_a_stream_ends_with_its_result_or_its_error():
    assert is_last(Result())
    assert is_last(Error("failed", "It failed."))
    assert not any(is_last(event) for event in (Start(), Progress(1), Ping()))
    assert not is_last(Output("x"))
