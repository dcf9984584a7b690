"""How many grants somebody gets in a short time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import GrantLimitedError
from app.grant_limits import PER_MINUTE, TokenBuckets
from tests.fakes import NOON, Clock, a_user

ALICE = a_user("alice").identity
BOB = a_user("bob").identity


@pytest.fixture
def buckets(clock: Clock) -> TokenBuckets:
    return TokenBuckets(clock=clock)


def exhaust(buckets: TokenBuckets) -> None:
    for _ in range(PER_MINUTE):
        buckets.count(ALICE)


def test_as_many_as_in_a_minute_may_come_at_once_and_no_more(buckets: TokenBuckets):
    exhaust(buckets)

    with pytest.raises(GrantLimitedError) as caught:
        buckets.count(ALICE)

    assert caught.value.retry_after_seconds == 1
    buckets.count(BOB)


def test_after_the_wait_there_is_another(buckets: TokenBuckets, clock: Clock):
    exhaust(buckets)
    with pytest.raises(GrantLimitedError):
        buckets.count(ALICE)

    clock.advance(seconds=0.5)
    buckets.count(ALICE)
    with pytest.raises(GrantLimitedError):
        buckets.count(ALICE)
    clock.advance(minutes=1)
    exhaust(buckets)
    with pytest.raises(GrantLimitedError):
        buckets.count(ALICE)


def test_asking_in_vain_makes_no_wait_longer(buckets: TokenBuckets, clock: Clock):
    exhaust(buckets)
    for _ in range(1000):
        with pytest.raises(GrantLimitedError):
            buckets.count(ALICE)

    clock.advance(seconds=0.5)
    buckets.count(ALICE)


def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_a_minute(
    buckets: TokenBuckets, clock: Clock
):
    exhaust(buckets)
    clock.advance(days=-1)
    with pytest.raises(GrantLimitedError):
        buckets.count(ALICE)

    clock.advance(seconds=60)
    buckets.count(ALICE)


def test_beyond_the_bound_the_one_is_forgotten_who_asked_longest_ago(clock: Clock):
    buckets = TokenBuckets(clock=clock, per_minute=1, most_people=2)
    people = [a_user(name).identity for name in ("alice", "bob", "carol")]

    for identity in people:
        buckets.count(identity)

    with pytest.raises(GrantLimitedError):
        buckets.count(people[1])
    buckets.count(people[0])


@given(st.lists(st.floats(0, 5), max_size=300))
def test_in_any_minute_nobody_gets_more_than_twice_as_many(pauses: list[float]):
    """A full bucket, and what comes in during the minute after it."""
    clock = Clock()
    buckets = TokenBuckets(clock=clock, per_minute=10)
    granted = []
    for pause in pauses:
        clock.advance(seconds=pause)
        try:
            buckets.count(ALICE)
        except GrantLimitedError:
            continue
        granted.append(clock())

    for begin in granted:
        within = [at for at in granted if begin <= at < begin + timedelta(minutes=1)]
        assert len(within) <= 20
    assert not pauses or granted[0] >= NOON
