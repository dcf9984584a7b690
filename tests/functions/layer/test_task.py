"""How a task's events end, whatever the task does."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aikagi_function import Request, Task
from aikagi_function.events import Event, Output, Progress, Result
from aikagi_function.request import BadRequestError
from aikagi_function.task import run_task
from tests.functions.conftest import EventMaker


@pytest.fixture
def request_of_alice(an_event: EventMaker) -> Request:
    return Request.from_event(an_event())


@pytest.fixture
def events_of(request_of_alice: Request) -> Callable[[Task], list[dict[str, Any]]]:
    def events_of(task: Task) -> list[dict[str, Any]]:
        lines: list[bytes] = []

        def put(line: bytes) -> bool:
            lines.append(line)
            return True

        lines.append(run_task(task, request_of_alice, put))
        return [json.loads(line) for line in lines]

    return events_of


EventsOf = Callable[[Task], list[dict[str, Any]]]

DONE = {"type": "result", "value": 1}


def test_events_keep_their_order(events_of: EventsOf):
    def task(_: Request) -> Iterator[Event]:
        yield Progress(1)
        yield Output("x")
        yield Result(1)

    assert events_of(task) == [
        {"type": "progress", "done": 1},
        {"type": "output", "text": "x"},
        DONE,
    ]


def test_a_task_may_be_a_list(events_of: EventsOf):
    assert events_of(lambda _: iter([Result(1)])) == [DONE]


def test_a_task_without_a_result_ends_with_an_error(
    events_of: EventsOf, caplog: pytest.LogCaptureFixture
):
    assert events_of(lambda _: iter([Output("x")]))[1:] == [
        {
            "type": "error",
            "code": "no-result",
            "message": "The function ended without a result.",
        }
    ]
    assert "without a result" in caplog.text


def test_an_exception_is_an_error_in_a_plain_sentence_and_logged_in_full(
    events_of: EventsOf, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        yield Output("x")
        raise LookupError("the secret of the house")

    [_, last] = events_of(task)

    assert (last["type"], last["code"]) == ("error", "failed")
    assert "secret" not in str(last)
    assert "LookupError: the secret of the house" in caplog.text
    assert "e1506fd5-9e7b-434f-bd42-4f8fa224b599" in caplog.text


@pytest.mark.parametrize(
    "task",
    [
        pytest.param(lambda _: 1 / 0, id="before it yields"),
        pytest.param(lambda _: None, id="nothing to iterate over"),
        pytest.param(lambda _: iter([{"type": "result"}]), id="no event"),
        pytest.param(lambda _: iter([Result(float("nan"))]), id="no number"),
        pytest.param(lambda _: iter([Result(b"x")]), id="no JSON"),
        pytest.param(lambda _: exit_at_once(), id="sys.exit"),
    ],
)
def test_any_failure_is_an_error_event(events_of: EventsOf, task: Any):
    assert [event.get("code") for event in events_of(task)] == ["failed"]


def exit_at_once() -> Iterator[Event]:
    raise SystemExit(3)


def refuse(why: str) -> Event:
    raise BadRequestError(why)


def test_a_bad_request_before_the_first_event_is_raised(
    events_of: EventsOf, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        yield refuse("The text is empty.")

    with pytest.raises(BadRequestError, match=r"The text is empty\."):
        events_of(task)
    assert not caplog.records


def test_a_bad_request_after_the_first_event_is_an_error_event(
    events_of: EventsOf, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        yield Progress(1)
        yield refuse("Line 2 is no number.")

    assert events_of(task)[1:] == [
        {"type": "error", "code": "bad-request", "message": "Line 2 is no number."}
    ]
    assert not caplog.records


def test_what_follows_the_last_event_is_dropped_and_logged(
    events_of: EventsOf, caplog: pytest.LogCaptureFixture
):
    went_on: list[str] = []

    def task(_: Request) -> Iterator[Event]:
        yield Result(1)
        yield Output("more")
        went_on.append("and on")
        yield Result(2)

    assert events_of(task) == [DONE]
    assert not went_on
    assert "Output after the last event" in caplog.text
    assert "more" not in caplog.text


def test_a_task_has_ended_before_its_last_event_is_sent(
    events_of: EventsOf, caplog: pytest.LogCaptureFixture
):
    done: list[str] = []

    def task(_: Request) -> Iterator[Event]:
        yield Result(1)
        done.append("put away")

    assert events_of(task) == [DONE]
    assert done == ["put away"]
    assert not caplog.records


def test_a_task_that_fails_after_its_end_has_ended_well(
    events_of: EventsOf, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        yield Result(1)
        raise LookupError("too late")

    assert events_of(task) == [DONE]
    assert "LookupError: too late" in caplog.text


def test_a_task_that_nobody_reads_is_closed(request_of_alice: Request):
    closed: list[str] = []

    def task(_: Request) -> Iterator[Event]:
        try:
            yield Output("x")
            closed.append("went on")
        finally:
            closed.append("closed")

    assert run_task(task, request_of_alice, lambda _: False) == b""
    assert closed == ["closed"]


def test_a_task_that_refuses_to_be_closed_is_logged(
    request_of_alice: Request, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        try:
            yield Output("x")
        except GeneratorExit:
            yield Output("y")

    assert run_task(task, request_of_alice, lambda _: False) == b""
    assert "failed when closed" in caplog.text
