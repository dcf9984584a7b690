"""A task as the Lambda Web Adapter meets it."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from aikagi_function import Request, Task, streamed
from aikagi_function.events import Event, Output, Progress, Result, Start
from aikagi_function.request import BadRequestError
from tests.functions.conftest import EventMaker
from tests.functions.layer.exchanges import Exchange

PATIENCE = 30
"""Seconds until a test that hangs has failed."""

DONE = {"type": "result", "value": None}
PING = b'{"type":"ping"}\n'


def call(task: Task, event: dict[str, Any], **settings: Any) -> Exchange:
    async def run() -> Exchange:
        exchange = Exchange(event, body=settings.pop("body", b""))
        return await exchange.run(streamed(task, **settings))

    return asyncio.run(run())


def short(_: Request) -> Iterator[Event]:
    yield Start(1)
    yield Result()


def test_events_are_lines_of_json(an_event: EventMaker):
    exchange = call(short, an_event())

    assert exchange.status == 200
    assert exchange.headers == {"content-type": "application/x-ndjson; charset=utf-8"}
    assert (
        exchange.answer
        == b'{"type":"start","total":1}\n{"type":"result","value":null}\n'
    )
    assert exchange.ended


def test_the_first_event_is_on_its_way_before_the_last_is_made(an_event: EventMaker):
    read = threading.Event()

    def task(_: Request) -> Iterator[Event]:
        yield Start()
        assert read.wait(PATIENCE)
        yield Result()

    async def on_chunk(_: bytes) -> None:
        read.set()

    exchange = asyncio.run(Exchange(an_event(), on_chunk=on_chunk).run(streamed(task)))

    assert exchange.events == [{"type": "start"}, DONE]
    assert len(exchange.chunks) == 2


def test_a_request_has_all_that_its_event_had(an_event: EventMaker):
    seen: list[Request] = []

    def task(request: Request) -> Iterator[Event]:
        seen.append(request)
        yield Result()

    event = an_event(
        headers={"content-type": "text/plain", "x-name": "合鍵"},
        rawQueryString="a=1&a=2&b=",
        queryStringParameters={"a": "1,2", "b": ""},
        body="ein Text",
        cookies=["a=1"],
    )
    event["headers"]["cookie"] = "a=1"
    asyncio.run(
        Exchange(event, body=b"ein Text", deadline=time.time() + 60).run(streamed(task))
    )

    del event["headers"]["cookie"]
    whole = Request.from_event(event)
    [request] = seen
    for name in ("method", "path", "query", "headers", "body", "request_id", "caller"):
        assert getattr(request, name) == getattr(whole, name)
    assert request.caller is not None
    assert request.text() == "ein Text"


def test_a_request_shows_no_secret(an_event: EventMaker):
    seen: list[Request] = []

    def task(request: Request) -> Iterator[Event]:
        seen.append(request)
        yield Result()

    call(task, an_event(), body=b"the text")

    [request] = seen
    assert "the-token-of-alice" not in str(request.headers)
    assert "ASIAEXAMPLE" not in str(request.headers)
    assert "the text" not in repr(request)


def test_the_readiness_check_of_the_adapter_starts_no_task():
    def task(_: Request) -> Iterator[Event]:
        raise AssertionError("started")

    async def ask() -> list[dict[str, Any]]:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "headers": [(b"host", b"x")]}
        await streamed(task)(scope, receive, send)
        return sent

    [start, _body] = asyncio.run(ask())
    assert start["status"] == 200


def test_an_application_speaks_http_and_nothing_else():
    async def nothing(*_: Any) -> Any:
        raise AssertionError("asked")

    asyncio.run(streamed(short)({"type": "lifespan"}, nothing, nothing))


def test_a_fault_of_the_server_is_its_own(an_event: EventMaker):
    async def on_chunk(_: bytes) -> None:
        raise LookupError("the server's")

    with pytest.raises(LookupError, match="the server's"):
        asyncio.run(Exchange(an_event(), on_chunk=on_chunk).run(streamed(short)))


# What is refused


def test_a_bad_request_before_the_first_event_is_a_400(an_event: EventMaker):
    exchange = call(refusing("The text is empty."), an_event())

    assert exchange.status == 400
    assert exchange.headers["content-type"] == "application/json"
    assert exchange.events == [{"message": "The text is empty."}]


def refusing(why: str) -> Task:
    def task(_: Request) -> Iterator[Event]:
        raise BadRequestError(why)

    return task


def test_a_bad_request_after_a_ping_can_only_be_an_event(an_event: EventMaker):
    pinged = threading.Event()

    def task(_: Request) -> Iterator[Event]:
        assert pinged.wait(PATIENCE)
        raise BadRequestError("The text is empty.")

    async def on_chunk(_: bytes) -> None:
        pinged.set()

    exchange = asyncio.run(
        Exchange(an_event(), on_chunk=on_chunk).run(streamed(task, ping_after=0.001))
    )

    assert exchange.status == 200
    assert exchange.events[0] == {"type": "ping"}
    assert exchange.events[-1] == {
        "type": "error",
        "code": "bad-request",
        "message": "The text is empty.",
    }


def test_another_method_is_refused_in_words(an_event: EventMaker):
    exchange = call(short, an_event(method="GET"))

    assert exchange.status == 405
    assert exchange.headers["allow"] == "POST"
    assert exchange.events == [{"message": "Call this function with POST."}]


def test_a_task_may_be_called_by_another_method_where_it_says_so(an_event: EventMaker):
    exchange = call(short, an_event(method="GET"), methods=("GET", "POST"))
    refused = call(short, an_event(method="PUT"), methods=("GET", "POST"))

    assert exchange.status == 200
    assert refused.events == [{"message": "Call this function with GET or POST."}]


# Silence


def test_a_blocked_task_still_pings(an_event: EventMaker):
    pinged = threading.Event()

    def task(_: Request) -> Iterator[Event]:
        yield Start()
        assert pinged.wait(PATIENCE)
        yield Result()

    async def on_chunk(chunk: bytes) -> None:
        if chunk == PING:
            pinged.set()

    exchange = asyncio.run(
        Exchange(an_event(), on_chunk=on_chunk).run(streamed(task, ping_after=0.001))
    )

    kinds = [event["type"] for event in exchange.events]
    assert kinds[0] == "start"
    assert set(kinds[1:-1]) == {"ping"}
    assert kinds[-1] == "result"


def test_a_task_that_yields_in_time_gets_no_ping(an_event: EventMaker):
    exchange = call(short, an_event(), ping_after=PATIENCE)

    assert PING not in exchange.answer


# The end of the time


def test_a_blocked_task_is_ended_before_lambda_does(
    an_event: EventMaker, caplog: pytest.LogCaptureFixture
):
    ended = threading.Event()
    cancelled: list[bool] = []

    def task(request: Request) -> Iterator[Event]:
        yield Start()
        assert ended.wait(PATIENCE)
        cancelled.append(request.cancelled)
        try:
            yield Output("too late")
            cancelled.append(False)
        finally:
            closed.set()

    closed = threading.Event()
    app = streamed(task, margin=2, clock=lambda: 1000.0)

    exchange = asyncio.run(Exchange(an_event(), deadline=1002.005).run(app))
    ended.set()

    assert exchange.events == [
        {"type": "start"},
        {
            "type": "error",
            "code": "deadline",
            "message": "The function ran out of time.",
        },
    ]
    assert exchange.ended
    assert closed.wait(PATIENCE)
    assert cancelled == [True]
    assert "the time is up" in caplog.text


def test_a_task_is_cancelled_even_while_its_reader_takes_nothing(an_event: EventMaker):
    seen = threading.Event()

    def task(request: Request) -> Iterator[Event]:
        yield Start()
        while not request.cancelled:
            time.sleep(0.001)
        seen.set()

    async def on_chunk(_: bytes) -> None:
        assert await asyncio.to_thread(seen.wait, PATIENCE)

    app = streamed(task, margin=2, clock=lambda: 1000.0)

    exchange = asyncio.run(
        Exchange(an_event(), deadline=1002.005, on_chunk=on_chunk).run(app)
    )

    assert exchange.events[-1]["code"] == "deadline"


def test_nothing_is_kept_of_a_request_that_has_been_answered(an_event: EventMaker):
    limits: list[weakref.ref[object]] = []

    def task(request: Request) -> Iterator[Event]:
        limits.append(weakref.ref(request.limit))
        yield Result()

    async def run() -> object:
        await Exchange(an_event(), deadline=time.time() + 60).run(streamed(task))
        # The thread may still be at its end.
        for thread in threading.enumerate():
            if thread.name == "task":
                thread.join(PATIENCE)
        gc.collect()
        return limits[0]()

    assert asyncio.run(run()) is None


def test_a_task_sees_the_time_it_has_left(an_event: EventMaker):
    times = iter([1000.0, 1001.0, 1003.5])

    def task(request: Request) -> Iterator[Event]:
        yield Result([request.seconds_left, request.seconds_left, request.cancelled])

    app = streamed(task, margin=2, clock=lambda: next(times))

    exchange = asyncio.run(Exchange(an_event(), deadline=1010).run(app))

    assert exchange.events == [{"type": "result", "value": [7.0, 4.5, False]}]


# Clients that disconnect


def test_a_task_whose_client_has_gone_is_closed(an_event: EventMaker):
    closed = threading.Event()

    def task(request: Request) -> Iterator[Event]:
        try:
            while not request.cancelled:
                yield Progress(1)
        finally:
            closed.set()

    async def run() -> Exchange:
        async def on_chunk(_: bytes) -> None:
            exchange.gone.set()

        exchange = Exchange(an_event(), on_chunk=on_chunk)
        return await exchange.run(streamed(task))

    exchange = asyncio.run(run())

    assert closed.wait(PATIENCE)
    assert not exchange.ended


def test_a_task_that_does_not_yield_can_ask_whether_its_client_is_there(
    an_event: EventMaker,
):
    seen = threading.Event()

    def task(request: Request) -> Iterator[Event]:
        yield Start()
        while not request.cancelled:
            time.sleep(0.001)
        seen.set()

    async def run() -> None:
        async def on_chunk(_: bytes) -> None:
            exchange.gone.set()

        exchange = Exchange(an_event(), on_chunk=on_chunk)
        await exchange.run(streamed(task))

    asyncio.run(run())

    assert seen.wait(PATIENCE)


def test_a_task_that_cannot_be_sent_is_closed(an_event: EventMaker):
    closed = threading.Event()

    def task(_: Request) -> Iterator[Event]:
        try:
            while True:
                yield Progress(1)
        finally:
            closed.set()

    async def on_chunk(_: bytes) -> None:
        raise ConnectionResetError

    asyncio.run(Exchange(an_event(), on_chunk=on_chunk).run(streamed(task)))

    assert closed.wait(PATIENCE)


def test_a_client_that_goes_before_it_has_asked_starts_no_task(an_event: EventMaker):
    started = threading.Event()

    def task(_: Request) -> Iterator[Event]:
        started.set()
        yield Result()

    async def run() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(_: Any) -> None:
            raise AssertionError("there is nobody")

        await streamed(task)(Exchange(an_event())._scope(), receive, send)

    asyncio.run(run())

    assert not started.wait(0.05)


# Many events


def test_a_task_waits_for_a_reader_who_is_slow(an_event: EventMaker):
    finished = threading.Event()
    in_vain: list[bool] = []

    def task(_: Request) -> Iterator[Event]:
        for _number in range(40):
            yield Output("x" * 100_000)
        finished.set()
        yield Result()

    async def on_chunk(_: bytes) -> None:
        if not in_vain:
            in_vain.append(finished.wait(0.1))

    exchange = asyncio.run(Exchange(an_event(), on_chunk=on_chunk).run(streamed(task)))

    assert in_vain == [False]
    assert len(exchange.events) == 41


def test_a_hundred_thousand_events_arrive_in_order_and_in_few_pieces(
    an_event: EventMaker,
):
    def task(_: Request) -> Iterator[Event]:
        for number in range(100_000):
            yield Progress(number)
        yield Result()

    exchange = call(task, an_event())

    *counted, last = exchange.events
    assert [event["done"] for event in counted] == list(range(100_000))
    assert last == DONE
    assert len(exchange.chunks) < 10_000
    assert all(piece.endswith(b"\n") for piece in exchange.chunks)
