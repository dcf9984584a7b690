"""Asking DynamoDB again, where it was too busy or broken for a moment."""

from collections.abc import Callable
from typing import Final, TypeVar, final

from app.domain.errors import UsersUnavailableError

T = TypeVar("T")

DELAYS: Final = (1, 2, 4, 8, 15, 30, 30, 30)
"""Seconds: two minutes in all, in which a table grows with what is asked of it."""


@final
class Retries:
    """Threads may share it.

    ``wait`` takes seconds, and ends the retries by raising; ``report`` gets a sentence
    before each wait, and an empty one after it.
    """

    def __init__(
        self, *, wait: Callable[[float], object], report: Callable[[str], None]
    ) -> None:
        self._wait = wait
        self._report = report

    def call(self, operation: Callable[[], T]) -> T:
        """Return what ``operation`` returns. Raises ``UsersUnavailableError``."""
        for seconds in DELAYS:
            try:
                return operation()
            except UsersUnavailableError as error:
                if error.retry_after_seconds is None:
                    raise
                self._report(f"DynamoDB is busy or away; again in {seconds} s")
                self._wait(seconds)
                self._report("")
        return operation()
