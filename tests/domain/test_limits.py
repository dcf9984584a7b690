"""The rules of counting, as a table."""

import re
from datetime import timedelta

import pytest

from app.domain.limits import Attempt, Counter, History, Limit, Tally, source_of
from tests.fakes import NOON

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ATTEMPT = Attempt.of("local", "alice", "203.0.113.7")
PAIR, SOURCE, PERSON = ATTEMPT.counters


def tally(failures: int) -> Tally:
    return Tally(failures=failures, began_at=NOON, failed_at=NOON + MINUTE)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        *((failures, 0) for failures in (0, 1, 9)),
        *((10, 1), (11, 2), (12, 4), (13, 8), (14, 16), (15, 30), (16, 30)),
        *((1_000, 30), (10**9, 30)),
    ],
)
def test_after_ten_failures_of_a_pair_pauses_double_up_to_half_a_minute(
    failures: int, seconds: int
):
    failed = tally(failures)

    assert PAIR.wait(failed, failed.failed_at) == seconds * SECOND
    assert PAIR.wait(failed, failed.failed_at + seconds * SECOND) == 0 * SECOND
    if seconds:
        almost = failed.failed_at + seconds * SECOND - SECOND / 10
        assert PAIR.wait(failed, almost) == SECOND / 10


@pytest.mark.parametrize("counter", [SOURCE, PERSON])
def test_after_a_hundred_failures_a_source_or_a_person_waits_for_the_hour_to_end(
    counter: Counter,
):
    now = NOON + 2 * MINUTE

    assert counter.wait(tally(99), now) == 0 * SECOND
    assert counter.wait(tally(100), now) == 58 * MINUTE
    assert counter.wait(tally(1_000_000), now) == 58 * MINUTE
    assert counter.wait(tally(100), NOON + 60 * MINUTE - SECOND) == SECOND


@pytest.mark.parametrize("counter", ATTEMPT.counters)
def test_free_failures_ask_for_no_wait_by_a_clock_that_is_behind(counter: Counter):
    assert counter.wait(tally(9), NOON) == 0 * SECOND
    assert counter.wait(tally(9), NOON - MINUTE) == 0 * SECOND


@pytest.mark.parametrize("counter", ATTEMPT.counters)
def test_after_the_hour_nothing_counts(counter: Counter):
    failed = Tally(
        failures=10**6, began_at=NOON, failed_at=NOON + 60 * MINUTE - SECOND / 10
    )

    assert counter.wait(failed, failed.failed_at) > 0 * SECOND
    assert counter.wait(failed, NOON + 60 * MINUTE) == 0 * SECOND
    assert counter.wait(None, NOON) == 0 * SECOND
    assert failed.is_over(NOON + 60 * MINUTE)
    assert not failed.is_over(failed.failed_at)


def test_of_several_waits_the_longest_counts():
    history = History(tallies={PAIR: tally(12), SOURCE: tally(100)})
    assert history.wait(ATTEMPT, NOON + MINUTE) == 59 * MINUTE

    history = History(tallies={PAIR: tally(12), SOURCE: tally(99)})
    assert history.wait(ATTEMPT, NOON + MINUTE) == 4 * SECOND


@pytest.mark.parametrize("spent", [SOURCE, PERSON])
@pytest.mark.parametrize(
    ("days_ago", "is_known"), [(0, True), (1, True), (30, True), (31, False)]
)
def test_nobody_is_kept_out_of_where_they_logged_in_before(
    spent: Counter, days_ago: int, *, is_known: bool
):
    now = NOON + MINUTE
    history = History(seen_at=now - days_ago * DAY, tallies={spent: tally(100)})

    assert history.is_known(now) is is_known
    assert history.wait(ATTEMPT, now) == (0 * SECOND if is_known else 59 * MINUTE)


def test_where_somebody_logged_in_before_their_own_failures_still_count():
    history = History(seen_at=NOON, tallies={PAIR: tally(10)})

    assert history.wait(ATTEMPT, NOON + MINUTE) == SECOND


def test_a_source_stays_known_for_thirty_days_after_any_login():
    """Though not each is noted: what was noted a day before counts for it."""
    noted = History(seen_at=NOON)
    unnoted = NOON + DAY - SECOND
    assert not noted.wants_noting(unnoted)
    assert noted.wants_noting(NOON + DAY)
    assert History().wants_noting(NOON)

    assert noted.is_known(unnoted + 30 * DAY)
    assert not noted.is_known(unnoted + 30 * DAY + SECOND)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:0::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_source_is_an_ipv4_address_or_what_an_ipv6_network_gives_one_customer(
    address: str, source: str
):
    assert source_of(address) == source


def test_what_was_typed_as_a_username_stands_in_no_counter():
    attempt = Attempt.of("local", "correct horse battery staple", "203.0.113.7")

    assert "horse" not in repr(attempt)
    assert re.fullmatch("[0-9a-f]{64}", attempt.person)


@pytest.mark.parametrize("username", ["", "\udcff", "\0", "x" * 100_000])
def test_anything_typed_can_be_counted(username: str):
    assert re.fullmatch("[0-9a-f]{64}", Attempt.of("local", username, "x").person)


def test_namesakes_of_two_issuers_are_two_people():
    of_corp = Attempt.of("corp", "alice", "203.0.113.7")

    assert of_corp.person != ATTEMPT.person
    assert of_corp.pair != PAIR
    # However a name is cut from its issuer.
    assert Attempt.of("a", "b\0c", "x").person != Attempt.of("a\0b", "d", "x").person


def test_every_limit_has_a_label_of_its_own():
    assert len({limit.label for limit in Limit}) == len(Limit)
