"""The client reads what functions write, and knows how far a task is."""

import json
from typing import Any

import pytest

from aikagi.commands.steps import Steps
from aikagi.errors import TaskError
from aikagi.events import Output, Ping, Progress, Result, Start, parse_event
from aikagi_function import events


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (events.Start(total=3), Start(total=3)),
        (events.Start(), Start()),
        (
            events.Progress(1, 3, "reading", "Reading"),
            Progress(done=1, total=3, code="reading", message="Reading"),
        ),
        (events.Output("鍵\n\u2028"), Output(text="鍵\n\u2028")),
        (events.Ping(), Ping()),
        (events.Result({"a": None}), Result(value={"a": None})),
    ],
)
def test_what_a_function_writes_is_read(written: events.Event, read: object):
    assert parse_event(json.loads(events.encode(written))) == read


def test_what_a_function_fails_with_is_raised():
    event = json.loads(events.encode(events.Error("deadline", "Too long")))

    with pytest.raises(TaskError, match="Too long") as raised:
        parse_event(event)

    assert raised.value.code == "deadline"


def how_far(*events: dict[str, Any]) -> tuple[str, float | None]:
    steps = Steps()
    for event in events:
        steps.follow(event)
    return steps.label, steps.fraction


@pytest.mark.parametrize(
    ("task", "far"),
    [
        pytest.param([], ("waiting", None), id="nothing yet"),
        pytest.param([{"type": "start", "total": 4}], ("started", None), id="started"),
        pytest.param(
            [{"type": "start", "total": 4}, {"type": "progress", "done": 1}],
            ("working", 0.25),
            id="the total of the start",
        ),
        pytest.param(
            [
                {"type": "progress", "done": 4, "total": 4, "code": "reading"},
                {"type": "progress", "done": 1, "code": "ranking"},
            ],
            ("ranking", None),
            id="another step has another total",
        ),
        pytest.param(
            [
                {"type": "progress", "done": 1, "total": 4, "code": "reading"},
                {"type": "progress", "done": 2, "code": "reading"},
            ],
            ("reading", 0.5),
            id="the same step has the same total",
        ),
        pytest.param(
            [{"type": "progress", "done": 9, "total": 4, "message": "More"}],
            ("More", 1.0),
            id="more than all",
        ),
        pytest.param(
            [{"type": "progress", "done": 1, "total": 0, "message": 7}],
            ("working", None),
            id="a total of nothing",
        ),
    ],
)
def test_how_far_a_task_is_is_told_by_its_events(
    task: list[dict[str, Any]], far: tuple[str, float | None]
):
    assert how_far(*task) == far
