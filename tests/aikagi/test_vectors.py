"""The Python client and its command do what the vectors say."""

import base64
from collections.abc import Iterator
from functools import partial

import pytest

from aikagi import (
    AikagiError,
    Broker,
    EndedEarlyError,
    FunctionError,
    Output,
    Ping,
    Progress,
    Result,
    Start,
    TaskError,
)
from aikagi.events import RawEvent, is_known, parse_event
from tests.aikagi.loopback import PASSWORD, Answer, Loopback, answer_of, running
from tests.vector_files import (
    Vector,
    expected,
    joined,
    reads,
    ways_to_arrive,
)

NAMES = {
    "start": Start,
    "progress": Progress,
    "output": Output,
    "ping": Ping,
    "result": Result,
}


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    yield from running()


@pytest.fixture(scope="module")
def alice(loopback: Loopback) -> Iterator[Broker]:
    with Broker(loopback.base) as broker:
        broker.login("alice", PASSWORD)
        yield broker


def failure(error: AikagiError) -> Vector:
    described: Vector = {"name": type(error).__name__}
    match error:
        case TaskError():
            described |= {"code": error.code, "message": error.message}
        case EndedEarlyError():
            described |= {"events": error.events}
        case FunctionError():
            described |= {"status": error.status, "text": error.text}
            described |= {"truncated": error.is_truncated}
            described |= {
                "request_id": error.request_id,
                "error_type": error.error_type,
            }
        case _:
            pass
    return described


def followed(broker: Broker) -> tuple[list[RawEvent], AikagiError | None]:
    events: list[RawEvent] = []
    try:
        events.extend(
            filter(is_known, broker.call("hello", method="POST").raw_events())
        )
    except AikagiError as error:
        return events, error
    return events, None


def written(raw: RawEvent) -> RawEvent:
    """Write bytes as vectors do."""
    value = raw.get("value")
    if not isinstance(value, bytes):
        return raw
    return {"type": "result", "base64": base64.b64encode(value).decode()}


@reads("events")
def test_a_stream_is_read(alice: Broker, loopback: Loopback, vector: Vector):
    check(alice, loopback, vector)


@reads("answers")
def test_an_answer_is_read(alice: Broker, loopback: Loopback, vector: Vector):
    check(alice, loopback, vector)


def check(alice: Broker, loopback: Loopback, vector: Vector) -> None:
    wanted, error = expected(vector)
    is_text = {"type": "output", "text": "*"} in wanted

    for way, pieces in ways_to_arrive(vector["chunks"]).items():
        answer = answer_of(vector, pieces)
        loopback.answer = partial(_same, answer)
        raw, raised = followed(alice)
        given = joined(map(written, without_failure(raw)), is_text=is_text)
        assert given == wanted, way
        require_error(raised or failure_in(raw), error)
        require_classes(alice, without_failure(raw), error)


def _same(answer: Answer, _: object) -> Answer:
    return answer


def without_failure(raw: list[RawEvent]) -> list[RawEvent]:
    return [event for event in raw if event["type"] != "error"]


def failure_in(raw: list[RawEvent]) -> AikagiError | None:
    """Give what iterating raises of an event that is raw like any other."""
    try:
        for event in raw:
            parse_event(event)
    except TaskError as error:
        return error
    return None


def require_error(raised: AikagiError | None, error: Vector | None) -> None:
    described = None if raised is None else failure(raised)
    if described is not None and error is not None:
        described = {member: described[member] for member in error}
    assert described == error


def require_classes(alice: Broker, raw: list[RawEvent], error: Vector | None) -> None:
    """Iterating gives an object of a class for each event, and ends as told."""
    given: list[object] = []
    call = alice.call("hello", method="POST")
    try:
        given.extend(call)
    except AikagiError as raised:
        require_error(raised, error)
    else:
        assert error is None
        assert given[-1] == Result(value=raw[-1].get("value"))
        assert call_result(alice) == raw[-1].get("value")
    names = [event["type"] for event in raw]
    assert [type(event) for event in given[: len(names)]] == [
        NAMES[name] for name in names
    ]


def call_result(alice: Broker) -> object:
    value: object = alice.call("hello", method="POST").result()
    return value
