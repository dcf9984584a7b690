"""A task as a web process, which the Lambda Web Adapter calls: its events as they come.

https://github.com/aws/aws-lambda-web-adapter, version 1.0.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from contextlib import aclosing
from typing import Any, Final

from aikagi_function import responses, web_adapter
from aikagi_function.execution import encoded_events
from aikagi_function.request import BadRequestError, Request
from aikagi_function.task import Task

Message = MutableMapping[str, Any]
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

PING_AFTER: Final = 1.5
"""Seconds without an event after which a ping is sent.

What is on its way may be held back until more follows: the ping pushes it along, and
shows the reader that the function is alive.
"""


def streamed(
    task: Task,
    *,
    methods: tuple[str, ...] = responses.METHODS,
    ping_after: float = PING_AFTER,
    margin: float = responses.MARGIN,
    clock: Callable[[], float] = time.time,
) -> Application:
    """Make an ASGI application for a function URL with ``InvokeMode: RESPONSE_STREAM``.

    ``ping_after`` and ``margin`` are in seconds, ``clock`` returns those since 1970.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not web_adapter.is_invocation(scope):
            await _send_all(send, 200, {"content-type": "text/plain"}, b"ready\n")
            return
        body = await web_adapter.read_body(receive)
        if body is None:
            return
        request = web_adapter.request_from(scope, body, margin=margin, clock=clock)
        if refusal := responses.wrong_method(request, methods):
            await _refuse(send, refusal)
            return
        sending = asyncio.create_task(
            _send_events(task, request, send, ping_after=ping_after)
        )
        disconnecting = asyncio.create_task(web_adapter.disconnected(receive))
        await _first_of(sending, disconnecting)

    return application


async def _send_events(
    task: Task, request: Request, send: Send, *, ping_after: float
) -> None:
    begun = False
    try:
        async with aclosing(
            encoded_events(task, request, ping_after=ping_after)
        ) as chunks:
            async for chunk in chunks:
                if not begun:
                    await _begin(send, 200, responses.EVENT_HEADERS)
                    begun = True
                await _send_chunk(send, chunk, more=True)
        await _send_chunk(send, b"", more=False)
    except BadRequestError as error:
        await _refuse(send, responses.bad_request(error))
    except OSError:
        # Nobody is there: closing the iterator has cancelled the task.
        return


async def _first_of(*tasks: "asyncio.Task[None]") -> None:
    """Wait for one, cancel the others, and raise what any of them raised."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome


async def _refuse(send: Send, refusal: responses.Refusal) -> None:
    await _send_all(send, refusal.status, refusal.headers, refusal.body.encode())


async def _send_all(
    send: Send, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    await _begin(send, status, {**headers, "content-length": str(len(body))})
    await _send_chunk(send, body, more=False)


async def _begin(send: Send, status: int, headers: Mapping[str, str]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in headers.items()
            ],
        }
    )


async def _send_chunk(send: Send, chunk: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": more})
