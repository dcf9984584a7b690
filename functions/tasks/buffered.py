"""A task as an ordinary handler: its events all at once."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from tasks import answers
from tasks.request import Limit, Request
from tasks.running import pieces
from tasks.told import Task
from url_event import BadRequestError


class Context(Protocol):
    """What is needed of the context that Lambda passes to a handler."""

    def get_remaining_time_in_millis(self) -> int: ...


Handler = Callable[[Mapping[str, Any], Context], dict[str, Any]]


def buffered(
    task: Task,
    *,
    methods: tuple[str, ...] = answers.METHODS,
    margin: float = answers.MARGIN,
) -> Handler:
    """Make a handler for a function URL with ``InvokeMode: BUFFERED``.

    Its answer is what ``streamed`` would send, without the pings, and Lambda refuses
    one of more than 6 MB. ``margin`` is in seconds.
    """

    def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        def seconds_left() -> float:
            return context.get_remaining_time_in_millis() / 1000 - margin

        request = Request.read(event, limit=Limit(seconds_left))
        if refusal := answers.wrong_method(request, methods):
            return _refused(refusal)
        try:
            lines = asyncio.run(_joined(task, request))
        except BadRequestError as error:
            return _refused(answers.bad_request(error))
        return {
            "statusCode": 200,
            "headers": dict(answers.EVENTS),
            "body": lines.decode(),
        }

    return handler


async def _joined(task: Task, request: Request) -> bytes:
    async with aclosing(pieces(task, request, quiet=None)) as answer:
        return b"".join([piece async for piece in answer])


def _refused(refusal: answers.Refusal) -> dict[str, Any]:
    return {
        "statusCode": refusal.status,
        "headers": dict(refusal.headers),
        "body": refusal.body,
    }
