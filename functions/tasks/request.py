"""What a task is asked, and how long it may take."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

from url_event import UrlEvent


def _for_ever() -> float:
    return math.inf


@final
class Limit:
    """The time that a task has left, and whether anybody still waits for it."""

    def __init__(self, seconds_left: Callable[[], float] = _for_ever) -> None:
        self.seconds_left = seconds_left
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(UrlEvent):
    """One request to a task: all that ``UrlEvent`` has, and its limit."""

    limit: Limit = field(default_factory=Limit, repr=False)

    @property
    def seconds_left(self) -> float:
        """Seconds until the answer is ended for the task, a little before Lambda would.

        Infinite where nothing ends it; below zero when it is too late.
        """
        return self.limit.seconds_left()

    @property
    def cancelled(self) -> bool:
        """Whether what the task still yields goes nowhere.

        The time is up, or the client went away. Whoever does not yield for long asks
        this now and then; at its next ``yield`` a generator is closed anyway.
        """
        return self.limit.stopped
