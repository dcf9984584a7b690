"""What a stack holds, as the kernel counts it; and many calls."""

import http.client
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final
from urllib.parse import urlsplit

from tests.aws_caller import Signed
from tests.processes import descendants
from tests.stack import Stack

_POLL = 0.05


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Open descriptors and threads of the launcher, and every process below it."""

    descriptors: int
    threads: int
    processes: frozenset[int]

    @classmethod
    def by(cls, stack: Stack) -> Self:
        own = Path(f"/proc/{stack.process.pid}")
        return cls(
            descriptors=len(list((own / "fd").iterdir())),
            threads=len(list((own / "task").iterdir())),
            processes=frozenset(descendants(stack.process.pid)),
        )

    def growth_since(self, stack: Stack) -> dict[str, object]:
        """What ``stack`` holds more than it did then."""
        now = Held.by(stack)
        return {
            name: more
            for name, more in {
                "descriptors": max(0, now.descriptors - self.descriptors),
                "threads": max(0, now.threads - self.threads),
                "processes": now.processes - self.processes,
            }.items()
            if more
        }


def holds_within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether ``condition`` comes true in time; the kernel tells nobody when."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def one_by_one(calls: Iterable[Signed]) -> Counter[int]:
    """Send each call on a connection of its own; count the statuses.

    One at a time needs one environment of the function: a second would be no leak,
    but could not be told from one.
    """
    return Counter(_status(call) for call in calls)


def _status(call: Signed) -> int:
    split = urlsplit(call.url)
    connection = http.client.HTTPConnection(split.netloc, timeout=60)
    try:
        connection.request(call.method, split.path, call.body, call.headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
