import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from app.adapters.cached import Cached, ReadingInProgressError
from tests.adapters.readings import wait_for_background_readings
from tests.fakes import Clock

INTERVAL = timedelta(seconds=10)


class Source:
    """Counts how often it is read; fails while it is told to; may be held open."""

    def __init__(self) -> None:
        self.times = 0
        self.broken = False
        self.entered = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self) -> int:
        self.times += 1
        reading = self.times
        self.entered.release()
        assert self.may_end.wait(10)
        if self.broken:
            raise OSError(f"reading {reading} failed")
        return reading


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


def at_once(count: int, do: Callable[[], int], *, source: Source) -> list[Future[int]]:
    """Do it ``count`` times side by side, and let the reading end once all wait."""
    source.may_end.clear()
    started = threading.Barrier(count + 1)

    def one() -> int:
        started.wait(10)
        return do()

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(one) for _ in range(count)]
        started.wait(10)
        assert source.entered.acquire(timeout=10)
        source.may_end.set()
    return futures


def test_a_fresh_copy_is_not_read_again(cached: Cached[int], clock: Clock):
    assert cached.read() == 1
    clock.advance(seconds=29)
    assert cached.read() == 1
    assert wait_for_background_readings() == 0


def test_a_copy_past_its_time_is_the_answer_while_it_is_read_again(
    cached: Cached[int], clock: Clock, source: Source
):
    cached.read()
    clock.advance(seconds=30)
    source.may_end.clear()

    assert [cached.read() for _ in range(5)] == [1] * 5
    assert source.times <= 2

    source.may_end.set()
    wait_for_background_readings()
    assert cached.read() == 2
    assert source.times == 2


def test_a_copy_that_is_usable_no_more_is_waited_for(cached: Cached[int], clock: Clock):
    cached.read()
    clock.advance(seconds=60)

    assert cached.read() == 2


def test_an_old_copy_serves_while_reading_fails_but_not_for_long(
    cached: Cached[int], clock: Clock, source: Source
):
    cached.read()
    source.broken = True

    clock.advance(seconds=59)
    assert cached.read() == 1
    wait_for_background_readings()
    assert cached.read() == 1
    clock.advance(seconds=1)
    with pytest.raises(OSError, match="reading 2"):
        cached.read()


def test_a_failure_is_remembered_for_five_seconds(
    cached: Cached[int], clock: Clock, source: Source
):
    source.broken = True
    with pytest.raises(OSError, match="reading 1 failed"):
        cached.read()
    source.broken = False

    clock.advance(seconds=4.9)
    with pytest.raises(OSError, match="reading 1 failed"):
        cached.read()
    clock.advance(seconds=0.1)
    assert cached.read() == 2


def test_a_failure_is_remembered_while_a_copy_serves(
    cached: Cached[int], clock: Clock, source: Source
):
    cached.read()
    source.broken = True
    clock.advance(seconds=30)

    for _ in range(5):
        assert cached.read() == 1
        wait_for_background_readings()

    assert source.times == 2
    clock.advance(seconds=5)
    cached.read()
    wait_for_background_readings()
    assert source.times == 3


def test_a_failure_raised_often_grows_no_traceback(cached: Cached[int], source: Source):
    source.broken = True
    lengths = []

    for _ in range(3):
        with pytest.raises(OSError) as caught:
            cached.read()
        lengths.append(len(caught.traceback))

    assert lengths == [lengths[0]] * 3


def test_the_cause_of_a_remembered_failure_is_kept(clock: Clock):
    def fail() -> int:
        raise OSError("outer") from ValueError("inner")

    cached = Cached(
        fail, fresh=timedelta(seconds=1), usable=timedelta(seconds=1), clock=clock
    )

    for _ in range(2):
        with pytest.raises(OSError) as caught:
            cached.read()
        assert isinstance(caught.value.__cause__, ValueError)


def test_a_clock_set_back_makes_no_copy_immortal(cached: Cached[int], clock: Clock):
    cached.read()

    clock.advance(hours=-1)

    assert cached.read() == 2


def test_a_clock_set_back_makes_no_failure_immortal(
    cached: Cached[int], clock: Clock, source: Source
):
    source.broken = True
    with pytest.raises(OSError):
        cached.read()
    source.broken = False

    clock.advance(hours=-1)

    assert cached.read() == 2


def test_racing_readers_read_once(cached: Cached[int], source: Source):
    answers = at_once(8, cached.read, source=source)

    assert [answer.result() for answer in answers] == [1] * 8
    assert source.times == 1


def test_what_was_read_while_a_reader_came_for_its_turn_is_not_read_again(
    clock: Clock, source: Source
):
    overtaking: list[Callable[[], int]] = []

    def interrupted_clock() -> datetime:
        now = clock()
        if overtaking:
            overtaking.pop()()
        return now

    cached = Cached(
        source,
        fresh=timedelta(seconds=30),
        usable=timedelta(seconds=60),
        clock=interrupted_clock,
    )
    cached.read()
    clock.advance(seconds=60)
    overtaking.append(cached.read)

    assert cached.read() == 2
    assert overtaking == []
    assert source.times == 2


def test_racing_readers_share_a_failure(cached: Cached[int], source: Source):
    source.broken = True

    answers = at_once(8, cached.read, source=source)

    failures = {str(answer.exception()) for answer in answers}
    assert failures == {"reading 1 failed"}
    assert source.times == 1


def test_whoever_waits_is_told_of_the_worst_failures_too(clock: Clock):
    def stop() -> int:
        raise SystemExit("the process ends")

    cached = Cached(
        stop, fresh=timedelta(seconds=1), usable=timedelta(seconds=1), clock=clock
    )

    with pytest.raises(SystemExit):
        cached.read()
    with pytest.raises(SystemExit):
        cached.read()


def test_a_system_without_a_thread_to_give_keeps_the_copy_serving(
    cached: Cached[int], clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    cached.read()
    clock.advance(seconds=30)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        assert cached.read() == 1

    clock.advance(seconds=5)
    assert cached.read() == 1
    wait_for_background_readings()
    assert cached.read() == 2


def test_a_reading_that_was_frozen_with_its_process_is_given_up(
    cached: Cached[int], clock: Clock, source: Source
):
    cached.read()
    clock.advance(seconds=30)
    source.may_end.clear()
    cached.read()
    assert source.entered.acquire(timeout=10)
    assert source.entered.acquire(timeout=10)

    clock.advance(minutes=10)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(cached.read)
        assert source.entered.acquire(timeout=10)
        source.may_end.set()

    assert answer.result() == 3
    wait_for_background_readings()
    assert cached.read() == 3


def test_a_reading_that_was_given_up_does_not_replace_a_newer_one(clock: Clock):
    began, may_end = threading.Event(), threading.Event()
    readings = iter([1, 2, 3])

    def read() -> int:
        reading = next(readings)
        if reading == 2:
            began.set()
            assert may_end.wait(10)
        return reading

    cached = Cached(
        read, fresh=timedelta(seconds=30), usable=timedelta(seconds=60), clock=clock
    )
    cached.read()
    clock.advance(seconds=30)
    cached.read()
    assert began.wait(10)
    clock.advance(minutes=10)

    assert cached.read() == 3
    may_end.set()
    wait_for_background_readings()

    assert cached.read() == 3


def test_reading_again_is_refused_in_quick_succession(
    cached: Cached[int], clock: Clock
):
    cached.read()

    clock.advance(seconds=9)
    assert cached.read_again(interval=INTERVAL) == 1
    clock.advance(seconds=1)
    assert cached.read_again(interval=INTERVAL) == 2


def test_reading_again_raises_its_failure_for_the_whole_interval(
    cached: Cached[int], clock: Clock, source: Source
):
    cached.read()
    clock.advance(seconds=10)
    source.broken = True
    with pytest.raises(OSError, match="reading 2"):
        cached.read_again(interval=INTERVAL)
    source.broken = False

    assert cached.read() == 1
    clock.advance(seconds=9)
    with pytest.raises(OSError, match="reading 2"):
        cached.read_again(interval=INTERVAL)
    clock.advance(seconds=1)
    assert cached.read_again(interval=INTERVAL) == 3


def test_nobody_waits_for_a_reading_that_somebody_else_began_again(
    cached: Cached[int], clock: Clock, source: Source
):
    cached.read()
    assert source.entered.acquire(timeout=10)
    clock.advance(seconds=20)
    source.may_end.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cached.read_again, interval=INTERVAL)
        assert source.entered.acquire(timeout=10)

        assert cached.read() == 1
        assert cached.peek() == 1
        with pytest.raises(ReadingInProgressError):
            cached.read_again(interval=INTERVAL)

        source.may_end.set()
    assert first.result() == 2
    assert cached.read_again(interval=INTERVAL) == 2


def test_peeking_reads_nothing(cached: Cached[int], clock: Clock, source: Source):
    assert cached.peek() is None
    cached.read()
    clock.advance(seconds=59)
    assert cached.peek() == 1
    clock.advance(seconds=1)
    assert cached.peek() is None
    assert source.times == 1


def test_whoever_must_not_wait_is_told_when_the_reading_has_ended(
    cached: Cached[int], source: Source
):
    source.may_end.clear()
    endings = []
    for _ in range(3):
        with pytest.raises(ReadingInProgressError) as caught:
            cached.read_or_begin()
        endings.append(caught.value.ended)
    assert len(set(endings)) == 1
    # One of those who wait goes away.
    assert not endings[0].cancel()

    source.may_end.set()
    endings[0].result(10)

    assert cached.read_or_begin() == 1
    assert source.times == 1


def test_whoever_must_not_wait_has_the_old_copy_while_a_new_one_is_read(
    cached: Cached[int], source: Source, clock: Clock
):
    cached.read()
    source.may_end.clear()
    clock.advance(seconds=30)

    assert cached.read_or_begin() == 1

    source.may_end.set()
    wait_for_background_readings()
    assert cached.read_or_begin() == 2


def test_a_failure_is_the_answer_to_whoever_must_not_wait_as_well(
    cached: Cached[int], source: Source
):
    source.broken = True
    with pytest.raises(ReadingInProgressError) as caught:
        cached.read_or_begin()
    caught.value.ended.result(10)

    with pytest.raises(OSError, match="reading 1 failed"):
        cached.read_or_begin()
    assert source.times == 1


def test_a_reading_before_the_time_can_begin_without_waiting_for_it(
    cached: Cached[int], source: Source, clock: Clock
):
    cached.read()
    assert cached.begin_again(interval=INTERVAL) == 1
    source.may_end.clear()
    clock.advance(seconds=10)

    for _ in range(500):
        with pytest.raises(ReadingInProgressError) as caught:
            cached.begin_again(interval=INTERVAL)
        assert cached.read_or_begin() == 1
    source.may_end.set()
    caught.value.ended.result(10)

    assert cached.begin_again(interval=INTERVAL) == 2
    assert source.times == 2
