"""Asking DynamoDB again, where it was too busy or broken for a moment."""

from collections.abc import Callable
from typing import Final, TypeVar, final

from app.domain.errors import UsersUnavailableError

T = TypeVar("T")

DELAYS: Final = (1, 2, 4, 8, 15, 30, 30, 30)
"""Seconds: two minutes in all, in which a table grows with what is asked of it."""


@final
class Patience:
    """Threads may share it.

    ``wait`` takes seconds, and ends it by raising; ``tell`` hears a few words, and
    nothing when it goes on.
    """

    def __init__(
        self, *, wait: Callable[[float], object], tell: Callable[[str], None]
    ) -> None:
        self._wait = wait
        self._tell = tell

    def ask(self, question: Callable[[], T]) -> T:
        """Return what ``question`` returns. Raises ``UsersUnavailableError``."""
        for seconds in DELAYS:
            try:
                return question()
            except UsersUnavailableError as error:
                if error.retry_after_seconds is None:
                    raise
                self._tell(f"DynamoDB is busy or away; again in {seconds} s")
                self._wait(seconds)
                self._tell("")
        return question()
