from datetime import UTC, datetime, timedelta

import pytest

from aikagi_emulator.control import FARTHEST, MovableClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_clock_goes_as_the_real_one_until_it_is_moved():
    clock = MovableClock(lambda: NOON)

    assert (clock(), clock.offset) == (NOON, timedelta())


def test_it_is_moved_from_the_real_time_or_from_where_it_is():
    clock = MovableClock(lambda: NOON)

    clock.set(timedelta(hours=2))
    clock.set(timedelta(hours=1))
    clock.advance(timedelta(minutes=-10))

    assert clock() == NOON + timedelta(minutes=50)


@pytest.mark.parametrize("sign", [-1, 1])
def test_it_moves_as_far_as_the_stack_s_own_sessions_last(sign: int):
    clock = MovableClock(lambda: NOON)
    clock.set(sign * FARTHEST)

    with pytest.raises(ValueError, match="6 days at most"):
        clock.advance(timedelta(seconds=sign))

    assert clock.offset == sign * FARTHEST
