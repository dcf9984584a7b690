"""Two web processes that say the same: a task, and the least ASGI that streams."""

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from aikagi_function import Event, Output, Progress, Request, Result, streamed
from aikagi_function.events import encode


def task(request: Request) -> Iterator[Event]:
    """Say when, or as many events as the body says."""
    if not request.body:
        yield Output(str(time.monotonic_ns()))
    for number in range(int(request.body or b"0")):
        yield Progress(number, 100_000, "counting")
    yield Result()


app = streamed(task)


async def bare(
    _scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    said = encode(Output(str(time.monotonic_ns())))
    await send({"type": "http.response.body", "body": said, "more_body": True})
    await send({"type": "http.response.body", "body": encode(Result())})
