"""A value that expires and is refreshed, asked for by many threads at once."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Lock, Thread
from typing import Generic, TypeVar, final

from aikagi.expiry import RefreshNeed

T = TypeVar("T")


@final
class Refreshable(Generic[T]):
    """Refreshes at the time of asking, one refresh at a time, however many ask.

    ``fetch`` is given the value that no longer does (None at first) and returns
    another; what it raises reaches all who waited for it. ``need`` judges a value.
    """

    def __init__(
        self,
        fetch: Callable[[T | None], T],
        need: Callable[[T], RefreshNeed],
        value: T | None = None,
    ) -> None:
        self._fetch = fetch
        self._need = need
        self._value = value
        self._refreshing: Future[T] | None = None
        self._lock = Lock()

    def get(self) -> T:
        value = self._value
        if value is None:
            return self._refreshed(None)
        need = self._need(value)
        if need is RefreshNeed.MANDATORY:
            return self._refreshed(value)
        if need is RefreshNeed.ADVISORY:
            self._refresh_in_background(value)
        return value

    def replace(self, refused: T) -> T:
        """Give another: ``refused`` was turned down, whatever its time says."""
        return self._refreshed(refused)

    def wait(self) -> None:
        """Wait until nothing is being refreshed."""
        with self._lock:
            refreshing = self._refreshing
        if refreshing is not None:
            wait([refreshing])

    def _refreshed(self, seen: T | None) -> T:
        with self._lock:
            if self._value is not None and self._value is not seen:
                return self._value
            refreshing, mine = self._refreshing, False
            if refreshing is None:
                refreshing, mine = Future(), True
                self._refreshing = refreshing
        if mine:
            self._refresh(refreshing, seen)
        return refreshing.result()

    def _refresh_in_background(self, seen: T) -> None:
        with self._lock:
            if self._refreshing is not None or self._value is not seen:
                return
            refreshing = self._refreshing = Future()
        # Not a daemon: a program that ends waits, so no answer is lost on its way.
        Thread(
            target=self._refresh, args=(refreshing, seen), name="aikagi-refresh"
        ).start()

    def _refresh(self, refreshing: "Future[T]", seen: T | None) -> None:
        value: T | None = None
        failure: BaseException | None = None
        try:
            value = self._fetch(seen)
        except BaseException as error:  # noqa: BLE001 - raised for all who wait
            failure = error
        with self._lock:
            self._value = self._value if value is None else value
            self._refreshing = None
        with suppress(Exception):
            if failure is not None:
                refreshing.set_exception(failure)
            else:
                refreshing.set_result(value)  # type: ignore[arg-type]  # no failure
