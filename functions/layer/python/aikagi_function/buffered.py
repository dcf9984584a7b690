"""A task as an ordinary handler: its events all at once."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from aikagi_function import responses
from aikagi_function.execution import encoded_events
from aikagi_function.request import BadRequestError, Request, TimeLimit
from aikagi_function.task import Task


class Context(Protocol):
    """What is needed of the context that Lambda passes to a handler."""

    def get_remaining_time_in_millis(self) -> int: ...


Handler = Callable[[Mapping[str, Any], Context], dict[str, Any]]


def buffered(
    task: Task,
    *,
    methods: tuple[str, ...] = responses.METHODS,
    margin: float = responses.MARGIN,
) -> Handler:
    """Make a handler for a function URL with ``InvokeMode: BUFFERED``.

    Its answer is what ``streamed`` would send, without the pings, and Lambda refuses
    one of more than 6 MB. ``margin`` is in seconds.
    """

    def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        def seconds_left() -> float:
            return context.get_remaining_time_in_millis() / 1000 - margin

        request = Request.from_event(event, limit=TimeLimit(seconds_left))
        if refusal := responses.wrong_method(request, methods):
            return _refused(refusal)
        try:
            lines = asyncio.run(_joined(task, request))
        except BadRequestError as error:
            return _refused(responses.bad_request(error))
        return {
            "statusCode": 200,
            "headers": dict(responses.EVENT_HEADERS),
            "body": lines.decode(),
        }

    return handler


async def _joined(task: Task, request: Request) -> bytes:
    async with aclosing(encoded_events(task, request, ping_after=None)) as chunks:
        return b"".join([chunk async for chunk in chunks])


def _refused(refusal: responses.Refusal) -> dict[str, Any]:
    return {
        "statusCode": refusal.status,
        "headers": dict(refusal.headers),
        "body": refusal.body,
    }
