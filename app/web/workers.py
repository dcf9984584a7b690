"""Where it is waited for AWS: in threads, or in the one that answers requests."""

from collections.abc import Callable
from typing import Protocol, TypeVar, final

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")


class Workers(Protocol):
    async def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, or raise what it raises."""


@final
class Threads:
    """A thread for each of ``count`` requests; the others wait in none, in turn.

    More threads than connections to AWS would wait for each other there.
    """

    def __init__(self, count: int) -> None:
        self._limiter = CapacityLimiter(count)

    async def run(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._limiter)


@final
class SameThread:
    """Work is done at once, and nothing else meanwhile.

    Lambda gives a process one request at a time, and Mangum an event loop to each: a
    thread would be begun for every piece of work, and be of no use.
    """

    async def run(self, work: Callable[[], T]) -> T:
        return work()
