"""A task at work in a thread of its own: it may block, and is heard all the same."""

import asyncio
import logging
import math
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final, final

from events import Error, Ping, encode
from tasks.feed import Feed
from tasks.request import Request
from tasks.told import Task, bad_request, tell
from url_event import BadRequestError

_log: Final = logging.getLogger(__name__)

_PING: Final = encode(Ping())
_TIME_IS_UP: Final = encode(Error("deadline", "The function ran out of time."))


async def pieces(
    task: Task, request: Request, *, quiet: float | None
) -> AsyncGenerator[bytes, None]:
    """Yield a task's answer, one line or several at a time, always whole ones.

    After ``quiet`` seconds without a word there is a ping. Close the iterator to
    cancel the task: it is told, and closed at its next ``yield``. Nothing can end a
    thread from outside: a task that neither yields nor asks whether it is
    ``cancelled`` works on for nobody.

    Raises:
        BadRequestError: the task said so before anything was yielded.
    """
    work = _Work(task, request)
    begun = False
    with work.under_way():
        while piece := await _next(work.feed, quiet):
            if work.refusal is not None and not begun:
                raise work.refusal
            yield piece
            begun = True


async def _next(feed: Feed, quiet: float | None) -> bytes:
    try:
        async with asyncio.timeout(quiet):
            return await feed.get()
    except TimeoutError:
        return _PING


@final
class _Work:
    def __init__(self, task: Task, request: Request) -> None:
        self.feed = Feed()
        self.refusal: BadRequestError | None = None
        self._task = task
        self._request = request

    @contextmanager
    def under_way(self) -> Iterator[None]:
        left = self._request.seconds_left
        loop = asyncio.get_running_loop()
        timer = None if left == math.inf else loop.call_later(left, self._time_is_up)
        # A daemon: a blocked task must not keep the process from ending.
        threading.Thread(target=self._run, name="task", daemon=True).start()
        try:
            yield
        finally:
            if timer:
                timer.cancel()
            self._request.limit.stop()
            self.feed.end()

    def _run(self) -> None:
        try:
            last = tell(self._task, self._request, self.feed.put)
        except BadRequestError as error:
            self.refusal = error
            last = encode(bad_request(error))
        self.feed.end(last)

    def _time_is_up(self) -> None:
        self._request.limit.stop()
        if self.feed.end(_TIME_IS_UP):
            _log.error("%s: the time is up", self._request.request_id)
