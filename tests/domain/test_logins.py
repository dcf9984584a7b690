from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.identity import User
from app.domain.logins import GRACE, Lifetimes, Login, Verdict, judge
from tests.fakes import NOON, a_user

LIFETIMES = Lifetimes(longest=timedelta(days=7), idle=timedelta(hours=12))
ALICE = a_user("alice", "everyone", credentials_version="version-1")
FIRST = Login.begin("id", ALICE, "one", NOON, LIFETIMES)
RENEWED = FIRST.rotated("two", NOON + timedelta(hours=1), LIFETIMES)
TICK = timedelta(microseconds=1)


def test_a_login_begins_with_its_first_token_and_the_users_credentials_version():
    assert FIRST.current_digest == "one"
    assert FIRST.previous_digest is None
    assert FIRST.credentials_version == "version-1"
    assert timedelta(hours=12) <= FIRST.expires_at - NOON < timedelta(hours=12.001)
    assert timedelta(days=7) <= FIRST.ends_at - NOON < timedelta(days=7.001)


def test_a_renewal_uses_the_token_and_moves_the_end():
    assert (RENEWED.previous_digest, RENEWED.current_digest) == ("one", "two")
    assert RENEWED.expires_at - FIRST.expires_at == timedelta(hours=1)
    assert RENEWED.ends_at == FIRST.ends_at


def test_no_renewal_moves_the_end_beyond_the_longest_life():
    late = FIRST.rotated("two", FIRST.ends_at - timedelta(hours=1), LIFETIMES)

    assert late.expires_at == late.ends_at == FIRST.ends_at


def test_a_short_life_ends_before_it_is_idle():
    short = Lifetimes(longest=timedelta(hours=1), idle=timedelta(hours=12))

    login = Login.begin("id", ALICE, "one", NOON, short)

    assert login.expires_at == login.ends_at


@pytest.mark.parametrize(
    ("login", "presented", "successor", "after", "verdict"),
    [
        pytest.param(FIRST, "one", "two", TICK, "rotate", id="the first token"),
        pytest.param(RENEWED, "two", "three", TICK, "rotate", id="a later one"),
        pytest.param(RENEWED, "one", "two", TICK, "repeat", id="the one before"),
        pytest.param(RENEWED, "one", "two", GRACE - TICK, "repeat", id="in time"),
        pytest.param(RENEWED, "one", "two", GRACE, "reused", id="a moment too late"),
        pytest.param(
            RENEWED, "one", "two", TICK - GRACE, "repeat", id="a clock behind"
        ),
        pytest.param(RENEWED, "one", "two", -GRACE, "reused", id="a clock far behind"),
        pytest.param(RENEWED, "one", "zwei", TICK, "reused", id="not its successor"),
        pytest.param(RENEWED, "zero", "two", TICK, "reused", id="two before"),
        pytest.param(FIRST, "zero", "one", TICK, "reused", id="none was before"),
        pytest.param(FIRST, "two", "three", TICK, "reused", id="never current"),
    ],
)
def test_what_a_token_means(
    login: Login, presented: str, successor: str, after: timedelta, verdict: str
):
    now = login.rotated_at + after

    judged = judge(login, presented, successor, ALICE, now)

    assert judged is Verdict[verdict.upper()]


@pytest.mark.parametrize("presented", ["one", "zero"])
@pytest.mark.parametrize(
    ("login", "user", "after", "verdict"),
    [
        pytest.param(
            replace(FIRST, ended_at=NOON), ALICE, TICK, Verdict.ENDED, id="ended"
        ),
        pytest.param(
            FIRST, ALICE, FIRST.expires_at - NOON, Verdict.EXPIRED, id="expired"
        ),
        pytest.param(FIRST, None, TICK, Verdict.USER_UNKNOWN_OR_DISABLED, id="nobody"),
        pytest.param(
            FIRST,
            replace(ALICE, credentials_version="version-2"),
            TICK,
            Verdict.CREDENTIALS_CHANGED,
            id="a new password",
        ),
        pytest.param(
            FIRST,
            replace(ALICE, credentials_version=""),
            TICK,
            Verdict.CREDENTIALS_CHANGED,
            id="no version",
        ),
    ],
)
def test_what_is_over_is_over_whatever_is_presented(
    login: Login, user: User | None, after: timedelta, verdict: Verdict, presented: str
):
    assert judge(login, presented, "two", user, NOON + after) is verdict


def test_the_last_moment_is_still_in_time():
    last = FIRST.expires_at - TICK

    assert judge(FIRST, "one", "two", ALICE, last) is Verdict.ROTATE
