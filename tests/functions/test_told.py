"""How a task's answer ends, whatever the task does."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from events import Event, Output, Progress, Result
from tasks import Request, Task
from tasks.told import tell
from tests.functions.conftest import EventMaker
from url_event import BadRequestError


@pytest.fixture
def request_of_alice(an_event: EventMaker) -> Request:
    return Request.read(an_event())


@pytest.fixture
def told(request_of_alice: Request) -> Callable[[Task], list[dict[str, Any]]]:
    def tell_all(task: Task) -> list[dict[str, Any]]:
        lines: list[bytes] = []

        def put(line: bytes) -> bool:
            lines.append(line)
            return True

        lines.append(tell(task, request_of_alice, put))
        return [json.loads(line) for line in lines]

    return tell_all


Told = Callable[[Task], list[dict[str, Any]]]

DONE = {"type": "result", "value": 1}


def test_a_task_is_told_in_its_order(told: Told):
    def task(_: Request) -> Iterator[Event]:
        yield Progress(1)
        yield Output("x")
        yield Result(1)

    assert told(task) == [
        {"type": "progress", "done": 1},
        {"type": "output", "text": "x"},
        DONE,
    ]


def test_a_task_may_be_a_list(told: Told):
    assert told(lambda _: iter([Result(1)])) == [DONE]


def test_a_task_without_a_result_ends_with_an_error(
    told: Told, caplog: pytest.LogCaptureFixture
):
    assert told(lambda _: iter([Output("x")]))[1:] == [
        {
            "type": "error",
            "code": "no-result",
            "message": "The function ended without a result.",
        }
    ]
    assert "without a result" in caplog.text


def test_an_exception_is_told_in_a_plain_sentence_and_logged_in_full(
    told: Told, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        yield Output("x")
        raise LookupError("the secret of the house")

    [_, last] = told(task)

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
def test_any_failure_is_told(told: Told, task: Any):
    assert [event.get("code") for event in told(task)] == ["failed"]


def exit_at_once() -> Iterator[Event]:
    raise SystemExit(3)


def refuse(why: str) -> Event:
    raise BadRequestError(why)


def test_a_bad_request_is_the_callers_fault_until_something_is_said(
    told: Told, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        yield refuse("The text is empty.")

    with pytest.raises(BadRequestError, match=r"The text is empty\."):
        told(task)
    assert not caplog.records


def test_a_bad_request_after_the_first_event_is_told(
    told: Told, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        yield Progress(1)
        yield refuse("Line 2 is no number.")

    assert told(task)[1:] == [
        {"type": "error", "code": "bad-request", "message": "Line 2 is no number."}
    ]
    assert not caplog.records


def test_what_follows_the_last_event_is_dropped_and_logged(
    told: Told, caplog: pytest.LogCaptureFixture
):
    went_on: list[str] = []

    def task(_: Request) -> Iterator[Event]:
        yield Result(1)
        yield Output("more")
        went_on.append("and on")
        yield Result(2)

    assert told(task) == [DONE]
    assert not went_on
    assert "Output after the last event" in caplog.text
    assert "more" not in caplog.text


def test_a_task_has_ended_before_its_last_event_is_told(
    told: Told, caplog: pytest.LogCaptureFixture
):
    done: list[str] = []

    def task(_: Request) -> Iterator[Event]:
        yield Result(1)
        done.append("put away")

    assert told(task) == [DONE]
    assert done == ["put away"]
    assert not caplog.records


def test_a_task_that_fails_after_its_end_has_ended_well(
    told: Told, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        yield Result(1)
        raise LookupError("too late")

    assert told(task) == [DONE]
    assert "LookupError: too late" in caplog.text


def test_a_task_that_nobody_reads_is_closed(request_of_alice: Request):
    closed: list[str] = []

    def task(_: Request) -> Iterator[Event]:
        try:
            yield Output("x")
            closed.append("went on")
        finally:
            closed.append("closed")

    assert tell(task, request_of_alice, lambda _: False) == b""
    assert closed == ["closed"]


def test_a_task_that_refuses_to_be_closed_is_logged(
    request_of_alice: Request, caplog: pytest.LogCaptureFixture
):
    def task(_: Request) -> Iterator[Event]:
        try:
            yield Output("x")
        except GeneratorExit:
            yield Output("y")

    assert tell(task, request_of_alice, lambda _: False) == b""
    assert "failed when closed" in caplog.text
