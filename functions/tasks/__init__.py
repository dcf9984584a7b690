"""A long task, written once: run as a stream, or as one answer.

A task is a function of a ``Request`` that yields events. ``streamed(task)`` is a web
process for a function URL with ``RESPONSE_STREAM``, ``buffered(task)`` a handler for
one with ``BUFFERED``; both answer with the same events.
"""

from tasks.buffered import buffered
from tasks.request import Request
from tasks.streamed import streamed
from tasks.told import Task

__all__ = ["Request", "Task", "buffered", "streamed"]
