import threading
from datetime import timedelta

import pytest

from app.adapters.cached import Cached
from tests.fakes import Clock


class Source:
    """Counts how often it is read; fails while it is told to."""

    def __init__(self) -> None:
        self.times = 0
        self.broken = False

    def __call__(self) -> int:
        self.times += 1
        if self.broken:
            raise OSError
        return self.times


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def cached(source: Source, clock: Clock) -> Cached[int]:
    return Cached(
        source,
        fresh=timedelta(seconds=30),
        usable=timedelta(seconds=60),
        clock=clock,
    )


def test_a_fresh_copy_is_not_read_again(cached: Cached[int], clock: Clock):
    assert cached.read() == 1
    clock.advance(seconds=29)
    assert cached.read() == 1
    clock.advance(seconds=1)
    assert cached.read() == 2


def test_an_old_copy_serves_while_reading_fails_but_not_for_long(
    cached: Cached[int], clock: Clock, source: Source
):
    cached.read()
    source.broken = True

    clock.advance(seconds=59)
    assert cached.read() == 1
    clock.advance(seconds=1)
    with pytest.raises(OSError):
        cached.read()


def test_without_a_copy_the_failure_is_the_callers(cached: Cached[int], source: Source):
    source.broken = True

    with pytest.raises(OSError):
        cached.read()

    source.broken = False
    assert cached.read() == 2


def test_a_clock_set_back_makes_no_copy_immortal(cached: Cached[int], clock: Clock):
    cached.read()

    clock.advance(hours=-1)

    assert cached.read() == 2


def test_a_refresh_is_refused_in_quick_succession(cached: Cached[int], clock: Clock):
    cached.read()

    clock.advance(seconds=9)
    assert cached.refresh(unless_younger_than=timedelta(seconds=10)) == 1
    clock.advance(seconds=1)
    assert cached.refresh(unless_younger_than=timedelta(seconds=10)) == 2


def test_racing_readers_read_once(clock: Clock):
    entered, leave = threading.Event(), threading.Event()
    readings: list[int] = []

    def slow() -> int:
        entered.set()
        assert leave.wait(10)
        readings.append(1)
        return 7

    cached = Cached(
        slow, fresh=timedelta(minutes=1), usable=timedelta(minutes=1), clock=clock
    )
    answers: list[int] = []
    readers = [
        threading.Thread(target=lambda: answers.append(cached.read())) for _ in range(8)
    ]
    for reader in readers:
        reader.start()
    assert entered.wait(10)
    leave.set()
    for reader in readers:
        reader.join(10)

    assert answers == [7] * 8
    assert readings == [1]


def test_nobody_with_a_usable_copy_waits_for_the_one_who_reads(clock: Clock):
    entered, leave = threading.Event(), threading.Event()
    values = iter([1, 2])

    def slow_the_second_time() -> int:
        value = next(values)
        if value == 2:
            entered.set()
            assert leave.wait(10)
        return value

    cached = Cached(
        slow_the_second_time,
        fresh=timedelta(seconds=30),
        usable=timedelta(seconds=60),
        clock=clock,
    )
    cached.read()
    clock.advance(seconds=40)
    reader = threading.Thread(target=cached.read)
    reader.start()
    assert entered.wait(10)

    assert cached.read() == 1

    leave.set()
    reader.join(10)
    assert cached.read() == 2
