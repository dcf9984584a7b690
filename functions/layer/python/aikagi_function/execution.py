"""A task at work in a thread of its own: it may block, and its events still arrive."""

import asyncio
import logging
import math
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final, final

from aikagi_function.events import Error, Ping, encode
from aikagi_function.line_queue import LineQueue
from aikagi_function.request import BadRequestError, Request
from aikagi_function.task import Task, bad_request, run_task

_log: Final = logging.getLogger(__name__)

_PING: Final = encode(Ping())
_DEADLINE: Final = encode(Error("deadline", "The function ran out of time."))


async def encoded_events(
    task: Task, request: Request, *, ping_after: float | None
) -> AsyncGenerator[bytes, None]:
    """Yield a task's answer, one line or several at a time, always whole ones.

    After ``ping_after`` seconds without an event there is a ping. Close the iterator to
    cancel the task: ``request.cancelled`` becomes true, and the task is closed at its
    next ``yield``. Nothing can end a thread from outside: a task that neither yields
    nor asks works on for nobody.

    Raises:
        BadRequestError: the task raised it before anything was yielded.
    """
    execution = _Execution(task, request)
    begun = False
    with execution.running():
        while chunk := await _next(execution.lines, ping_after):
            if execution.refusal is not None and not begun:
                raise execution.refusal
            yield chunk
            begun = True


async def _next(lines: LineQueue, ping_after: float | None) -> bytes:
    try:
        async with asyncio.timeout(ping_after):
            return await lines.get()
    except TimeoutError:
        return _PING


@final
class _Execution:
    def __init__(self, task: Task, request: Request) -> None:
        self.lines = LineQueue()
        self.refusal: BadRequestError | None = None
        self._task = task
        self._request = request

    @contextmanager
    def running(self) -> Iterator[None]:
        left = self._request.seconds_left
        loop = asyncio.get_running_loop()
        timer = None if left == math.inf else loop.call_later(left, self._time_out)
        # A daemon: a blocked task must not keep the process from ending.
        threading.Thread(target=self._run, name="task", daemon=True).start()
        try:
            yield
        finally:
            if timer:
                timer.cancel()
            self._request.limit.cancel()
            self.lines.close()

    def _run(self) -> None:
        try:
            last = run_task(self._task, self._request, self.lines.put)
        except BadRequestError as error:
            self.refusal = error
            last = encode(bad_request(error))
        self.lines.close(last)

    def _time_out(self) -> None:
        self._request.limit.cancel()
        if self.lines.close(_DEADLINE):
            _log.error("%s: the time is up", self._request.request_id)
