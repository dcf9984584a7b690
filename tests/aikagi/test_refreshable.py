"""A value that is refreshed, under many threads and without a network."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Event, Thread

import pytest

from aikagi.expiry import RefreshNeed
from aikagi.refreshable import Refreshable


class Refreshes:
    """Gives 1, 2, 3…; waits for ``go`` before each."""

    def __init__(self) -> None:
        self.go = Event()
        self.twice = Event()
        self.seen: list[int | None] = []
        self.need = RefreshNeed.NONE
        self._numbers = count(1)
        self.value = Refreshable(self._fetch, lambda _: self.need)

    def _fetch(self, seen: int | None) -> int:
        self.seen.append(seen)
        if len(self.seen) > 1:
            self.twice.set()
        assert self.go.wait(20)
        if seen == -1:
            raise ValueError("no more")
        return next(self._numbers)


@pytest.fixture
def refreshes() -> Refreshes:
    return Refreshes()


def test_all_who_ask_at_once_wait_for_one_refresh(refreshes: Refreshes):
    together = Barrier(9)

    def ask() -> int:
        together.wait()
        return refreshes.value.get()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask) for _ in range(8)]
        together.wait()
        assert not refreshes.twice.wait(0.2)
        refreshes.go.set()

    assert {answer.result() for answer in asked} == {1}
    assert refreshes.seen == [None]


def test_who_comes_late_with_an_old_one_is_given_the_new_one(refreshes: Refreshes):
    refreshes.go.set()
    first = refreshes.value.get()
    second = refreshes.value.replace(first)

    assert refreshes.value.replace(first) == second == 2
    assert refreshes.seen == [None, 1]


def test_a_value_is_used_while_one_advisory_refresh_goes_on(refreshes: Refreshes):
    refreshes.go.set()
    refreshes.value.get()
    refreshes.go.clear()
    refreshes.need = RefreshNeed.ADVISORY

    assert [refreshes.value.get() for _ in range(3)] == [1, 1, 1]
    waiting = Thread(target=refreshes.value.wait)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    refreshes.go.set()
    waiting.join(20)

    assert refreshes.seen == [None, 1]
    refreshes.need = RefreshNeed.NONE
    assert refreshes.value.get() == 2


def test_a_mandatory_refresh_comes_first(refreshes: Refreshes):
    refreshes.go.set()
    refreshes.value.get()
    refreshes.need = RefreshNeed.MANDATORY

    assert refreshes.value.get() == 2


def test_a_failure_is_told_and_the_next_one_tries_again(refreshes: Refreshes):
    refreshes.go.set()

    with pytest.raises(ValueError, match="no more"):
        refreshes.value.replace(-1)

    assert refreshes.value.get() == 1
