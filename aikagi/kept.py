"""One thing that ends and is renewed, asked for by many threads at once."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Lock, Thread
from typing import Generic, TypeVar, final

from aikagi.freshness import Freshness

T = TypeVar("T")


@final
class Kept(Generic[T]):
    """Renews at the time of asking, one renewal at a time, however many ask.

    ``renew`` is given the value that no longer does (None at first) and returns
    another; what it raises reaches all who waited for it.
    """

    def __init__(
        self,
        renew: Callable[[T | None], T],
        judge: Callable[[T], Freshness],
        value: T | None = None,
    ) -> None:
        self._renew = renew
        self._judge = judge
        self._value = value
        self._flight: Future[T] | None = None
        self._lock = Lock()

    def get(self) -> T:
        value = self._value
        if value is None:
            return self._renewed(None)
        judged = self._judge(value)
        if judged is Freshness.SPENT:
            return self._renewed(value)
        if judged is Freshness.WANING:
            self._renew_meanwhile(value)
        return value

    def instead_of(self, refused: T) -> T:
        """Give another: ``refused`` was turned down, whatever its time says."""
        return self._renewed(refused)

    def settle(self) -> None:
        """Wait until nothing is being renewed."""
        with self._lock:
            flight = self._flight
        if flight is not None:
            wait([flight])

    def _renewed(self, seen: T | None) -> T:
        with self._lock:
            if self._value is not None and self._value is not seen:
                return self._value
            flight, mine = self._flight, False
            if flight is None:
                flight, mine = Future(), True
                self._flight = flight
        if mine:
            self._fly(flight, seen)
        return flight.result()

    def _renew_meanwhile(self, seen: T) -> None:
        with self._lock:
            if self._flight is not None or self._value is not seen:
                return
            flight = self._flight = Future()
        # Not a daemon: a program that ends waits, so no answer is lost on its way.
        Thread(target=self._fly, args=(flight, seen), name="aikagi-renewal").start()

    def _fly(self, flight: "Future[T]", seen: T | None) -> None:
        value: T | None = None
        failure: BaseException | None = None
        try:
            value = self._renew(seen)
        except BaseException as error:  # noqa: BLE001 - told to all who wait
            failure = error
        with self._lock:
            self._value = self._value if value is None else value
            self._flight = None
        with suppress(Exception):
            if failure is not None:
                flight.set_exception(failure)
            else:
                flight.set_result(value)  # type: ignore[arg-type]  # no failure
