"""A task as an ordinary handler."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from aikagi_function import Request, Task, buffered, streamed
from aikagi_function.events import Event, Output, Progress, Result, Start
from aikagi_function.request import BadRequestError
from tests.functions.conftest import EventMaker
from tests.functions.layer.exchanges import Exchange
from tests.stack import ROOT

PATIENCE = 30


class Context:
    def __init__(self, milliseconds: int = 900_000) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def whole(request: Request) -> Iterator[Event]:
    yield Start(2)
    yield Progress(1, 2, "reading", "Reading 合鍵.")
    yield Output(request.text())
    assert request.caller
    yield Result({**request.caller.identity(), "query": dict(request.query)})


def endless(_: Request) -> Iterator[Event]:
    yield Output("x")


def broken(_: Request) -> Iterator[Event]:
    yield Output("x")
    raise LookupError


def refusing(_: Request) -> Iterator[Event]:
    raise BadRequestError("No.")


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("task", [whole, endless, broken, refusing])
def test_the_answer_is_the_stream_at_once(
    an_event: EventMaker, task: Task, method: str
):
    event = an_event(method=method, body="ein Text")

    answer = buffered(task)(event, Context())
    exchange = asyncio.run(Exchange(event, body=b"ein Text").run(streamed(task)))

    headers = {**exchange.headers}
    headers.pop("content-length", None)
    assert answer == {
        "statusCode": exchange.status,
        "headers": headers,
        "body": exchange.answer.decode(),
    }


def test_a_blocked_task_is_ended_before_lambda_does(an_event: EventMaker):
    never = threading.Event()

    def task(_: Request) -> Iterator[Event]:
        yield Start()
        never.wait(PATIENCE)

    answer = buffered(task, margin=2)(an_event(), Context(milliseconds=2010))
    never.set()

    assert [json.loads(line) for line in answer["body"].splitlines()] == [
        {"type": "start"},
        {
            "type": "error",
            "code": "deadline",
            "message": "The function ran out of time.",
        },
    ]


STUCK = """
import threading
from aikagi_function.events import Result
from aikagi_function import buffered

class Context:
    def get_remaining_time_in_millis(self):
        return 2010

def task(request):
    threading.Event().wait()
    yield Result()

print(buffered(task)(EVENT, Context())["body"])
"""


def test_a_blocked_task_does_not_keep_its_process(an_event: EventMaker):
    ended = subprocess.run(
        [sys.executable, "-c", STUCK.replace("EVENT", repr(an_event()))],
        cwd=ROOT / "functions" / "layer" / "python",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    assert '"deadline"' in ended.stdout


def test_a_task_sees_the_time_it_has_left(an_event: EventMaker):
    seen: list[Any] = []

    def task(request: Request) -> Iterator[Event]:
        seen.append(request.seconds_left)
        yield Result()

    buffered(task, margin=2)(an_event(), Context(milliseconds=10_000))

    assert seen == [8.0]
