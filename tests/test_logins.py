"""Logins over time and in a race, with the table replaced and the keys real."""

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from typing_extensions import override

from app.adapters.tokens.signature import HmacKey
from app.domain.credentials import RefreshToken
from app.domain.errors import LoginEndedError, UsersUnavailableError
from app.domain.identity import Identity, User
from app.domain.logins import Login
from app.logins import RotatingLogins
from tests.fakes import (
    NOON,
    SECRET,
    Clock,
    KeySet,
    KnownUsers,
    LoginsInMemory,
    a_user,
    rotating_logins,
)

ALICE = a_user("alice", "everyone", credentials_version="version-1")
Renew = Callable[[RefreshToken], RefreshToken]


@pytest.fixture
def users() -> KnownUsers:
    return KnownUsers(ALICE)


@pytest.fixture
def store() -> LoginsInMemory:
    return LoginsInMemory()


@pytest.fixture
def logins(clock: Clock, store: LoginsInMemory) -> RotatingLogins:
    return rotating_logins(clock, store)


@pytest.fixture
def renew(logins: RotatingLogins, users: KnownUsers) -> Renew:
    return lambda token: logins.renew(token.text, users.find)


def test_a_login_is_renewed_by_each_token_in_its_turn(
    logins: RotatingLogins, renew: Renew, clock: Clock
):
    first = logins.begin(ALICE)
    clock.advance(hours=11)
    second = renew(first)
    clock.advance(hours=11)
    third = renew(second)

    assert len({first.text, second.text, third.text}) == 3
    bearers = [token.bearer for token in (first, second, third)]
    assert {bearer.identity for bearer in bearers} == {ALICE.identity}
    assert len({bearer.login_id for bearer in bearers}) == 1
    assert [bearer.issued_at for bearer in bearers] == [
        NOON + timedelta(hours=hours) for hours in (0, 11, 22)
    ]
    assert [bearer.login_ends_at - bearer.issued_at for bearer in bearers] == [
        token.lifetime for token in (first, second, third)
    ]


def test_a_login_is_over_once_what_was_issued_before_a_later_moment_counts_no_more(
    logins: RotatingLogins, renew: Renew, users: KnownUsers
):
    first = logins.begin(ALICE)
    began = int(NOON.timestamp())
    users.by_identity[ALICE.identity] = replace(ALICE, valid_from=began)
    second = renew(first)

    users.by_identity[ALICE.identity] = replace(ALICE, valid_from=began + 1)
    with pytest.raises(LoginEndedError):
        renew(second)


def test_a_login_that_begins_before_the_moment_of_a_revocation_counts_from_then_on(
    logins: RotatingLogins, renew: Renew, users: KnownUsers
):
    soon = int(NOON.timestamp()) + 3
    revoked = users.by_identity[ALICE.identity] = replace(ALICE, valid_from=soon)

    first = logins.begin(revoked)

    assert first.bearer.issued_at.timestamp() == soon
    assert renew(first).bearer.issued_at.timestamp() == soon


def test_only_digests_are_stored(
    logins: RotatingLogins, renew: Renew, store: LoginsInMemory
):
    first = logins.begin(ALICE)
    second = renew(first)

    said = repr(store.by_id)
    for token in (first, second):
        _, _, secret, signature = token.text.split(".")
        assert secret not in said
        assert signature not in said
        assert hashlib.sha256(secret.encode()).hexdigest() in said
    assert first.text not in repr(first)


def test_a_token_presented_again_at_once_has_the_same_successor(
    logins: RotatingLogins, renew: Renew, clock: Clock
):
    first = logins.begin(ALICE)
    second = renew(first)

    clock.advance(seconds=9.9)

    assert renew(first).text == second.text
    assert renew(second).text != second.text


def test_a_token_presented_again_later_ends_the_login_for_everybody(
    logins: RotatingLogins, renew: Renew, clock: Clock
):
    other = logins.begin(ALICE)
    first = logins.begin(ALICE)
    second = renew(first)
    clock.advance(seconds=10)

    with pytest.raises(LoginEndedError):
        renew(first)
    with pytest.raises(LoginEndedError):
        renew(second)
    assert renew(other).text


def test_a_token_used_long_ago_ends_the_login_too(logins: RotatingLogins, renew: Renew):
    first = logins.begin(ALICE)
    third = renew(renew(first))

    with pytest.raises(LoginEndedError):
        renew(first)
    with pytest.raises(LoginEndedError):
        renew(third)


def test_a_token_nobody_was_given_ends_nothing(logins: RotatingLogins, renew: Renew):
    first = logins.begin(ALICE)
    login_id, kid, _, signature = first.text.split(".")
    forged = replace(first, text=f"{login_id}.{kid}.{'A' * 43}.{signature}")

    with pytest.raises(LoginEndedError):
        renew(forged)

    assert renew(first).text


def test_a_token_nobody_was_given_is_looked_up_nowhere(
    renew: Renew, logins: RotatingLogins, store: LoginsInMemory
):
    first = logins.begin(ALICE)
    store.broken = UsersUnavailableError()

    with pytest.raises(LoginEndedError):
        renew(replace(first, text=first.text[:-1] + "_"))
    with pytest.raises(UsersUnavailableError):
        renew(first)


def test_a_login_not_renewed_for_half_a_day_is_over(
    logins: RotatingLogins, renew: Renew, clock: Clock
):
    token = logins.begin(ALICE)
    assert token.lifetime.total_seconds() // 1 == 12 * 3600

    clock.advance(hours=12, seconds=1)

    with pytest.raises(LoginEndedError):
        renew(token)


def test_a_login_is_over_in_a_week_however_often_it_is_renewed(
    logins: RotatingLogins, renew: Renew, clock: Clock
):
    token = logins.begin(ALICE)
    for _ in range(14):
        clock.advance(hours=11.99)
        token = renew(token)
    assert token.lifetime.total_seconds() < 600

    clock.advance(minutes=10)

    with pytest.raises(LoginEndedError):
        renew(token)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(None, id="gone or disabled"),
        pytest.param(
            replace(ALICE, credentials_version="version-2"), id="with a new password"
        ),
    ],
)
def test_a_person_who_is_not_as_at_login_renews_nothing(
    logins: RotatingLogins, renew: Renew, users: KnownUsers, now: User | None
):
    token = logins.begin(ALICE)
    renewed = renew(token)
    users.by_identity = {} if now is None else {now.identity: now}

    with pytest.raises(LoginEndedError):
        renew(renewed)


def test_new_groups_change_nothing(
    logins: RotatingLogins, renew: Renew, users: KnownUsers
):
    token = logins.begin(ALICE)
    users.by_identity[ALICE.identity] = replace(ALICE, groups=frozenset())

    assert renew(token).text


def test_an_ended_login_is_not_renewed_and_another_is(
    logins: RotatingLogins, renew: Renew
):
    one, other = logins.begin(ALICE), logins.begin(ALICE)

    logins.end(one.bearer.login_id)
    logins.end("nobody-has-such-a-login")

    with pytest.raises(LoginEndedError):
        renew(one)
    assert renew(other).text


def test_fifty_who_race_get_one_successor(
    logins: RotatingLogins, users: KnownUsers, store: LoginsInMemory
):
    token = logins.begin(ALICE)
    together = Barrier(50)

    def find(identity: Identity) -> User | None:
        together.wait()
        return users.find(identity)

    def race(_: int) -> str:
        finders = iter([find, users.find])

        def in_turn(identity: Identity) -> User | None:
            return next(finders)(identity)

        return logins.renew(token.text, in_turn).text

    with ThreadPoolExecutor(50) as pool:
        successors = set(pool.map(race, range(50)))

    [successor] = successors
    [login] = store.by_id.values()
    secret = successor.split(".")[2]
    assert login.current_digest == hashlib.sha256(secret.encode()).hexdigest()


def test_who_is_slower_than_the_end_gets_nothing(
    logins: RotatingLogins, users: KnownUsers
):
    token = logins.begin(ALICE)

    def find(identity: Identity) -> User | None:
        logins.end(token.bearer.login_id)
        return users.find(identity)

    with pytest.raises(LoginEndedError):
        logins.renew(token.text, find)


class LosingLogins(LoginsInMemory):
    """Does what it is told, and tells nobody."""

    @override
    def rotate(self, login: Login) -> bool:
        assert super().rotate(login)
        raise UsersUnavailableError(retry_after_seconds=2)


def test_a_renewal_whose_answer_was_lost_is_had_by_asking_again(
    clock: Clock, users: KnownUsers
):
    losing = LosingLogins()
    token = rotating_logins(clock, losing).begin(ALICE)
    with pytest.raises(UsersUnavailableError):
        rotating_logins(clock, losing).renew(token.text, users.find)
    store = LoginsInMemory()
    store.by_id = losing.by_id
    clock.advance(seconds=9)

    successor = rotating_logins(clock, store).renew(token.text, users.find)

    assert rotating_logins(clock, store).renew(successor.text, users.find).text


def test_logins_outlive_a_new_signing_secret_and_the_same_successor_with_them(
    clock: Clock, store: LoginsInMemory, users: KnownUsers
):
    old = HmacKey(SECRET, kid="old")
    new = HmacKey(hashlib.sha256(SECRET).digest(), kid="new")
    newest = HmacKey(hashlib.sha256(SECRET[1:]).digest(), kid="newest")
    before = rotating_logins(clock, store, keys=KeySet(old))
    after = rotating_logins(clock, store, keys=KeySet(new, old))
    token = before.begin(ALICE)
    idle = before.begin(ALICE)

    renewed = before.renew(token.text, users.find)
    again = after.renew(token.text, users.find)
    later = after.renew(renewed.text, users.find)

    assert again.text.split(".")[2] == renewed.text.split(".")[2]
    last = rotating_logins(clock, store, keys=KeySet(newest, new))
    assert last.renew(later.text, users.find).text
    with pytest.raises(LoginEndedError):
        last.renew(idle.text, users.find)


@pytest.mark.parametrize("break_", ["store", "users"])
def test_a_table_that_does_not_answer_ends_no_login(
    logins: RotatingLogins,
    renew: Renew,
    store: LoginsInMemory,
    users: KnownUsers,
    break_: str,
):
    token = logins.begin(ALICE)
    broken = store if break_ == "store" else users
    broken.broken = UsersUnavailableError(retry_after_seconds=2)

    with pytest.raises(UsersUnavailableError):
        renew(token)

    broken.broken = None
    assert renew(token).text


def test_the_log_says_why_with_the_login_and_without_the_token(
    logins: RotatingLogins,
    renew: Renew,
    store: LoginsInMemory,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG)
    first = logins.begin(ALICE)
    second = renew(first)
    clock.advance(minutes=1)

    for token in (first, second, replace(first, text="junk")):
        with pytest.raises(LoginEndedError) as caught:
            renew(token)
        assert str(caught.value) == ""
        assert caught.value.__cause__ is None
        assert not caught.value.__context__ or caught.value.__suppress_context__
    store.by_id.clear()
    with pytest.raises(LoginEndedError):
        renew(second)

    login = f"Login {first.bearer.login_id} was"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"{login} ended: refresh-token-reused"),
        ("INFO", f"{login} not renewed: ended"),
        ("INFO", "A refresh token was refused: not-a-refresh-token"),
        ("INFO", f"{login} not renewed: unknown-login"),
    ]
