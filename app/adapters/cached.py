"""Something read from AWS, kept for a while and read again in time."""

import copy
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, NoReturn, TypeVar, final

T = TypeVar("T")

FAILURE_REMEMBERED: Final = timedelta(seconds=5)
"""How long the failure of a reading is the answer to whoever has no usable copy.

Without it each of many waiting requests would repeat the reading that failed, and
wait for its time-out in turn.
"""

ABANDONED: Final = timedelta(seconds=30)
"""After which a reading that has not ended is given up.

It is longer than botocore takes for its impatient tries. Lambda may freeze a process
in the middle of a reading, and wake it when the connection is long gone.
"""

THREAD_NAME: Final = "cached-reading"

_log = logging.getLogger(__name__)


class ReadingInProgressError(Exception):
    """The value is being read at this moment, and the outcome is not known yet.

    ``ended`` is done once it is. It can be waited for without a thread.
    """

    def __init__(self, ended: "Future[None]") -> None:
        super().__init__()
        self.ended = ended


@dataclass(frozen=True, slots=True)
class _Copy(Generic[T]):
    value: T
    read_at: datetime


@dataclass(frozen=True, slots=True)
class _Failure:
    error: BaseException
    failed_at: datetime


class _Reading(Generic[T]):
    """One call of ``load``, and what came of it."""

    def __init__(self, started_at: datetime) -> None:
        self.started_at = started_at
        self.ended: Future[None] = Future()
        # Whoever stops waiting for it must not cancel it for the others.
        self.ended.set_running_or_notify_cancel()
        self.outcome: _Copy[T] | _Failure | None = None


@final
class Cached(Generic[T]):
    """Serve a copy for ``fresh``, then read again, one reading at a time.

    While a copy is ``usable``, it is the answer, at once: the new reading goes on in
    a thread of its own. Without one, the first request reads and the others wait;
    all have the outcome of that one reading, its failure included, and so has
    whoever comes within ``FAILURE_REMEMBERED``. Failures are what ``load`` raises.
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
        self._failure: _Failure | None = None
        self._reading: _Reading[T] | None = None
        self._last_started: datetime | None = None
        self._changing = threading.Lock()

    def read(self) -> T:
        """Return the value, read from outside if it has to be."""
        copy = self._usable_copy()
        if copy is not None:
            if not self._is_within(self._fresh, copy.read_at):
                self._read_in_background()
            return copy.value
        with self._changing:
            # It may have been read while this request came for the lock.
            copy = self._usable_copy()
            if copy is not None:
                return copy.value
            self._raise_remembered_failure()
            reading, is_ours = self._join_or_start()
        if is_ours:
            self._perform(reading)
        return _outcome_of(reading)

    def peek(self) -> T | None:
        """Return the copy that is usable, and read nothing."""
        copy = self._usable_copy()
        return None if copy is None else copy.value

    def discard(self) -> None:
        """Have whoever comes next read, as if nothing ever had been."""
        with self._changing:
            self._copy = self._failure = self._last_started = None

    def read_again(self, *, interval: timedelta) -> T:
        """Read before the time, though only where no reading began within ``interval``.

        Within it this is the outcome of the last reading, and its failure is raised.
        Raises ``ReadingInProgressError`` rather than wait for somebody else's.
        """
        begun = self._begin_again(interval)
        if isinstance(begun, _Copy):
            return begun.value
        self._perform(begun)
        return _outcome_of(begun)

    def read_or_begin(self) -> T:
        """Return what ``read`` does, and never wait for a reading.

        Where there is no copy one goes on in a thread of its own, and this raises
        ``ReadingInProgressError``.
        """
        if self._usable_copy() is not None:
            return self.read()
        with self._changing:
            copy = self._usable_copy()
            if copy is not None:
                return copy.value
            self._raise_remembered_failure()
            reading, is_ours = self._join_or_start()
        if is_ours:
            self._perform_in_background(reading)
        raise ReadingInProgressError(reading.ended)

    def begin_again(self, *, interval: timedelta) -> T:
        """Do what ``read_again`` does, and never wait, for no reading of one's own."""
        begun = self._begin_again(interval)
        if isinstance(begun, _Copy):
            return begun.value
        self._perform_in_background(begun)
        raise ReadingInProgressError(begun.ended)

    def _begin_again(self, interval: timedelta) -> _Copy[T] | _Reading[T]:
        """Begin a reading, which the caller has to perform, if it is time for one."""
        with self._changing:
            if self._reading is not None and not self._is_abandoned(self._reading):
                raise ReadingInProgressError(self._reading.ended)
            started = self._last_started
            if started is not None and self._is_within(interval, started):
                if self._failure is not None:
                    _raise_anew(self._failure.error)
                if self._copy is not None:
                    return self._copy
            reading, _ = self._join_or_start()
        return reading

    def _read_in_background(self) -> None:
        with self._changing:
            if self._failure is not None and self._is_remembered(self._failure):
                return
            reading, is_ours = self._join_or_start()
        if is_ours:
            self._perform_in_background(reading)

    def _perform_in_background(self, reading: _Reading[T]) -> None:
        # A daemon, so that no reading holds up the end of the process.
        thread = threading.Thread(
            target=self._perform, args=(reading,), name=THREAD_NAME, daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # the system has no thread to give
            self._end(reading, _Failure(error, self._clock()))

    def _join_or_start(self) -> tuple[_Reading[T], bool]:
        """Find the reading under way, or begin one: the caller has to perform it."""
        if self._reading is not None and not self._is_abandoned(self._reading):
            return self._reading, False
        self._last_started = self._clock()
        self._reading = _Reading(self._last_started)
        return self._reading, True

    def _perform(self, reading: _Reading[T]) -> None:
        outcome: _Copy[T] | _Failure
        try:
            outcome = _Copy(self._load(), self._clock())
        except BaseException as error:  # noqa: BLE001 - it is raised to all who wait
            outcome = _Failure(error, self._clock())
        self._end(reading, outcome)

    def _end(self, reading: _Reading[T], outcome: "_Copy[T] | _Failure") -> None:
        with self._changing:
            reading.outcome = outcome
            # What was given up may have been overtaken by a newer one.
            if self._reading is reading:
                self._reading = None
                self._keep(outcome)
        reading.ended.set_result(None)

    def _keep(self, outcome: _Copy[T] | _Failure) -> None:
        if isinstance(outcome, _Copy):
            self._copy, self._failure = outcome, None
            return
        self._failure = outcome
        if self._usable_copy() is not None:
            _log.warning("An old copy serves on: %s", type(outcome.error).__name__)

    def _usable_copy(self) -> _Copy[T] | None:
        copy = self._copy
        if copy is not None and self._is_within(self._usable, copy.read_at):
            return copy
        return None

    def _raise_remembered_failure(self) -> None:
        if self._failure is not None and self._is_remembered(self._failure):
            _raise_anew(self._failure.error)

    def _is_remembered(self, failure: _Failure) -> bool:
        return self._is_within(FAILURE_REMEMBERED, failure.failed_at)

    def _is_abandoned(self, reading: _Reading[T]) -> bool:
        return not self._is_within(ABANDONED, reading.started_at)

    def _is_within(self, span: timedelta, moment: datetime) -> bool:
        # abs(): a clock set back must not make a copy or a failure immortal.
        return abs(self._clock() - moment) < span


def _outcome_of(reading: _Reading[T]) -> T:
    reading.ended.result()
    if isinstance(reading.outcome, _Copy):
        return reading.outcome.value
    if isinstance(reading.outcome, _Failure):
        _raise_anew(reading.outcome.error)
    raise AssertionError("a reading ended without an outcome")


def _raise_anew(error: BaseException) -> NoReturn:
    """Raise a copy: each raise adds to a traceback, and this one is raised often."""
    raise copy.copy(error).with_traceback(None) from error.__cause__
