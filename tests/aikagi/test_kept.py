"""One thing that is renewed, under many threads and without a network."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Event, Thread

import pytest

from aikagi.freshness import Freshness
from aikagi.kept import Kept


class Renewals:
    """Gives 1, 2, 3…; waits for ``go`` before each."""

    def __init__(self) -> None:
        self.go = Event()
        self.twice = Event()
        self.seen: list[int | None] = []
        self.judged = Freshness.FRESH
        self._numbers = count(1)
        self.kept = Kept(self._renew, lambda _: self.judged)

    def _renew(self, seen: int | None) -> int:
        self.seen.append(seen)
        if len(self.seen) > 1:
            self.twice.set()
        assert self.go.wait(20)
        if seen == -1:
            raise ValueError("no more")
        return next(self._numbers)


@pytest.fixture
def renewals() -> Renewals:
    return Renewals()


def test_all_who_ask_at_once_wait_for_one_renewal(renewals: Renewals):
    together = Barrier(9)

    def ask() -> int:
        together.wait()
        return renewals.kept.get()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask) for _ in range(8)]
        together.wait()
        assert not renewals.twice.wait(0.2)
        renewals.go.set()

    assert {each.result() for each in asked} == {1}
    assert renewals.seen == [None]


def test_who_comes_late_with_an_old_one_is_given_the_new_one(renewals: Renewals):
    renewals.go.set()
    first = renewals.kept.get()
    second = renewals.kept.instead_of(first)

    assert renewals.kept.instead_of(first) == second == 2
    assert renewals.seen == [None, 1]


def test_what_wanes_is_used_while_one_renewal_goes_on(renewals: Renewals):
    renewals.go.set()
    renewals.kept.get()
    renewals.go.clear()
    renewals.judged = Freshness.WANING

    assert [renewals.kept.get() for _ in range(3)] == [1, 1, 1]
    settling = Thread(target=renewals.kept.settle)
    settling.start()
    settling.join(0.1)
    assert settling.is_alive()
    renewals.go.set()
    settling.join(20)

    assert renewals.seen == [None, 1]
    renewals.judged = Freshness.FRESH
    assert renewals.kept.get() == 2


def test_what_is_spent_is_renewed_first(renewals: Renewals):
    renewals.go.set()
    renewals.kept.get()
    renewals.judged = Freshness.SPENT

    assert renewals.kept.get() == 2


def test_a_failure_is_told_and_the_next_one_tries_again(renewals: Renewals):
    renewals.go.set()

    with pytest.raises(ValueError, match="no more"):
        renewals.kept.instead_of(-1)

    assert renewals.kept.get() == 1
