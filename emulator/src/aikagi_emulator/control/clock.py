"""The time of a stack's AWS, which can be moved."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, final

FARTHEST: Final = timedelta(days=6)
"""The stack's own sessions last a week: further away it would lock everybody out."""


@final
class MovableClock:
    """Goes as ``real`` does, some time before or after it. Safe in any thread."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._offset = timedelta()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self._real() + self._offset

    @property
    def offset(self) -> timedelta:
        return self._offset

    def set(self, offset: timedelta) -> None:
        """Raises ``ValueError`` beyond ``FARTHEST``, and stays as it was."""
        with self._lock:
            self._move(offset)

    def advance(self, by: timedelta) -> None:
        """Negative goes back. Raises ``ValueError`` beyond ``FARTHEST``."""
        with self._lock:
            self._move(self._offset + by)

    def _move(self, offset: timedelta) -> None:
        if abs(offset) > FARTHEST:
            msg = f"the clock moves {FARTHEST.days} days at most, either way"
            raise ValueError(msg)
        self._offset = offset
