"""Something read from AWS, kept for a while and read again in time."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar, final

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Copy(Generic[T]):
    value: T
    read_at: datetime


@final
class Cached(Generic[T]):
    """Serve a copy for ``fresh``, then read again, one caller at a time.

    While a new reading fails, the copy serves on until it is ``usable`` no more;
    then, and where there was none, the failure of ``load`` is the caller's.
    """

    def __init__(
        self,
        load: Callable[[], T],
        *,
        fresh: timedelta,
        usable: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._load = load
        self._fresh = fresh
        self._usable = usable
        self._clock = clock
        self._copy: _Copy[T] | None = None
        self._reading = threading.Lock()

    def read(self) -> T:
        """Return the value, read from outside if it has to be."""
        copy = self._copy
        if copy is not None and self._younger(copy, self._fresh):
            return copy.value
        # With a usable copy in hand nobody waits for the one who is reading.
        must_wait = copy is None or not self._younger(copy, self._usable)
        if not self._reading.acquire(blocking=must_wait):
            return copy.value if copy is not None else self.read()
        try:
            return self._read_again()
        finally:
            self._reading.release()

    def refresh(self, *, unless_younger_than: timedelta) -> T:
        """Read again before the time, though not in quick succession."""
        with self._reading:
            copy = self._copy
            if copy is not None and self._younger(copy, unless_younger_than):
                return copy.value
            return self._read_again(even_if_fresh=True)

    def _read_again(self, *, even_if_fresh: bool = False) -> T:
        copy = self._copy
        if copy is not None and self._younger(copy, self._fresh) and not even_if_fresh:
            return copy.value
        try:
            value = self._load()
        except Exception as error:
            if copy is None or not self._younger(copy, self._usable):
                raise
            _log.warning("An old copy serves on: %s", type(error).__name__)
            return copy.value
        self._copy = _Copy(value, self._clock())
        return value

    def _younger(self, copy: _Copy[T], age: timedelta) -> bool:
        # abs(): a clock set back must not make a copy immortal.
        return abs(self._clock() - copy.read_at) < age
