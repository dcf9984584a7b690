"""A task as a web process, which the Lambda Web Adapter calls: its events as they come.

https://github.com/aws/aws-lambda-web-adapter, version 1.0.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from contextlib import aclosing
from typing import Any, Final

from tasks import answers, arrival
from tasks.request import Request
from tasks.running import pieces
from tasks.told import Task
from url_event import BadRequestError

Message = MutableMapping[str, Any]
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

QUIET: Final = 1.5
"""Seconds of silence after which a ping is sent.

What is on its way may be held back until more follows: the ping pushes it along, and
tells the reader that the function is alive.
"""


def streamed(
    task: Task,
    *,
    methods: tuple[str, ...] = answers.METHODS,
    quiet: float = QUIET,
    margin: float = answers.MARGIN,
    clock: Callable[[], float] = time.time,
) -> Application:
    """Make an ASGI application for a function URL with ``InvokeMode: RESPONSE_STREAM``.

    ``quiet`` and ``margin`` are in seconds, ``clock`` gives those since 1970.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not arrival.is_call(scope):
            await _send_all(send, 200, {"content-type": "text/plain"}, b"ready\n")
            return
        body = await arrival.body_of(receive)
        if body is None:
            return
        request = arrival.request_of(scope, body, margin=margin, clock=clock)
        if refusal := answers.wrong_method(request, methods):
            await _refuse(send, refusal)
            return
        telling = asyncio.create_task(_tell(task, request, send, quiet=quiet))
        leaving = asyncio.create_task(arrival.left(receive))
        await _first_of(telling, leaving)

    return application


async def _tell(task: Task, request: Request, send: Send, *, quiet: float) -> None:
    begun = False
    try:
        async with aclosing(pieces(task, request, quiet=quiet)) as answer:
            async for piece in answer:
                if not begun:
                    await _begin(send, 200, answers.EVENTS)
                    begun = True
                await _send_piece(send, piece, more=True)
        await _send_piece(send, b"", more=False)
    except BadRequestError as error:
        await _refuse(send, answers.bad_request(error))
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


async def _refuse(send: Send, refusal: answers.Refusal) -> None:
    await _send_all(send, refusal.status, refusal.headers, refusal.body.encode())


async def _send_all(
    send: Send, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    await _begin(send, status, {**headers, "content-length": str(len(body))})
    await _send_piece(send, body, more=False)


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


async def _send_piece(send: Send, piece: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": piece, "more_body": more})
