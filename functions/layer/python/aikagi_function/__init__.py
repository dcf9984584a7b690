"""What a function behind a URL needs to know of its request, and to answer a long one.

``Request.from_event(event)`` is who calls, and with what. A task is a function of a
``Request`` that yields events: ``streamed(task)`` is the handler of a function URL with
``InvokeMode: RESPONSE_STREAM``, ``buffered(task)`` of one with ``BUFFERED``.
"""

from aikagi_function.buffered import buffered
from aikagi_function.caller import Caller
from aikagi_function.events import (
    Error,
    Event,
    Output,
    Progress,
    Result,
    Start,
)
from aikagi_function.request import BadRequestError, Request
from aikagi_function.streamed import streamed
from aikagi_function.task import Task

__all__ = [
    "BadRequestError",
    "Caller",
    "Error",
    "Event",
    "Output",
    "Progress",
    "Request",
    "Result",
    "Start",
    "Task",
    "buffered",
    "streamed",
]
