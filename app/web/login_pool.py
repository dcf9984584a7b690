"""A few threads in which logins are made, so that password checks starve nobody.

A check takes 19 MiB and tens of milliseconds of a processor. In the worker threads
that all other routes share, many of them at once would leave none for a grant, and
each thread would keep its memory for good.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar, final

from app.domain.errors import TooBusyError

T = TypeVar("T")

PATIENCE: Final = 2.0
"""Seconds a login waits for its turn; then the answer is 503 with ``Retry-After``."""

RETRY_AFTER: Final = 1
"""Seconds."""


@final
class LoginPool:
    """Runs one login in each of its threads; the others wait in no thread at all."""

    def __init__(
        self, *, threads: int | None = None, patience: float = PATIENCE
    ) -> None:
        self._patience = patience
        self._threads = ThreadPoolExecutor(
            threads or half_of_the_processors(), thread_name_prefix="login"
        )

    async def run(self, login: Callable[[], T]) -> T:
        """Return what ``login`` returns, or raise what it raises.

        Raises ``TooBusyError`` where its turn does not come in time; then it is not
        begun at all. Nor is it where the task that waits for it is cancelled before.
        """
        future: Future[T] = self._threads.submit(login)
        ended = asyncio.wrap_future(future)
        try:
            await asyncio.wait([ended], timeout=self._patience)
        except asyncio.CancelledError:
            # Nobody waits for it any more: it is not begun, or nobody hears its end.
            ended.cancel()
            raise
        # What has begun cannot be cancelled, and ends soon.
        if future.cancel():
            raise TooBusyError(retry_after_seconds=RETRY_AFTER)
        return await ended


def half_of_the_processors() -> int:
    """Leave the other half to whoever is not logging in."""
    return max(1, (os.cpu_count() or 1) // 2)
