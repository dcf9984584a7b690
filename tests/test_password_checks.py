"""Guessing, with the table replaced: how many guesses are ever looked at."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.domain.credentials import Source
from app.domain.errors import (
    LoginLimitedError,
    LoginRefusedError,
    UsersUnavailableError,
)
from app.domain.identity import CheckedPassword, RefusedPassword
from app.domain.limits import Attempt
from app.password_checks import LimitedPasswordChecks
from tests.fakes import AttemptsInMemory, Clock, KnownUsers, a_user

HOME: Final = "203.0.113.7"
CAFE: Final = "198.51.100.20"
ALICE: Final = a_user("alice", "everyone")


class CountingUsers:
    """Counts how many passwords are looked at; each look can be made to wait."""

    def __init__(self, users: KnownUsers) -> None:
        self._users = users
        self._counting = threading.Lock()
        self.looks = 0
        self.before_each: Callable[[], object] = lambda: None

    def authenticate(
        self, username: str, password: str
    ) -> CheckedPassword | RefusedPassword:
        with self._counting:
            self.looks += 1
        self.before_each()
        return self._users.authenticate(username, password)


@pytest.fixture
def users() -> KnownUsers:
    return KnownUsers(ALICE, a_user("bob"))


@pytest.fixture
def counting(users: KnownUsers) -> CountingUsers:
    return CountingUsers(users)


@pytest.fixture
def checks(
    counting: CountingUsers, attempts: AttemptsInMemory, clock: Clock
) -> LimitedPasswordChecks:
    return LimitedPasswordChecks(counting, attempts, clock=clock)


@pytest.fixture
def guess(checks: LimitedPasswordChecks) -> Callable[..., str | int]:
    """Try a password: "in", "refused", or the seconds to wait."""

    def try_it(
        username: str = "alice", password: str = "wrong", address: str = HOME
    ) -> str | int:
        source = Source(address=address, request_id="a-request")
        try:
            checks.check(username, password, source)
        except LoginRefusedError:
            return "refused"
        except LoginLimitedError as limited:
            return limited.retry_after_seconds or 0
        return "in"

    return try_it


Guess = Callable[..., str | int]


def test_the_eleventh_wrong_guess_of_one_source_on_one_account_waits(
    guess: Guess, clock: Clock
):
    assert [guess() for _ in range(11)] == ["refused"] * 10 + [1]

    waits: list[str | int] = []
    for _ in range(8):
        wait = guess()
        waits.append(wait)
        clock.advance(seconds=float(wait))
        assert guess() == "refused"
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_right_password_waits_as_a_wrong_one_does(guess: Guess, clock: Clock):
    for _ in range(10):
        guess()

    assert guess(password="correct") == 1
    clock.advance(seconds=1)
    assert guess(password="correct") == "in"


def test_the_right_password_still_works_from_where_one_logged_in_before(
    guess: Guess, clock: Clock
):
    assert guess(password="correct", address=HOME) == "in"

    # Ten strangers spend all that a person has, and more.
    for stranger in range(12):
        for _ in range(10):
            guess(address=f"192.0.2.{stranger}")
    assert guess(address="192.0.2.99") == 3600
    assert guess(password="correct", address=CAFE) == 3600

    assert guess(password="correct", address=HOME) == "in"
    assert guess(password="wrong", address=HOME) == "refused"
    clock.advance(hours=1)
    assert guess(password="correct", address=CAFE) == "in"


def test_a_source_that_guessed_at_many_is_closed_to_all_who_are_new_there(
    guess: Guess, clock: Clock
):
    assert guess("alice", "correct") == "in"

    assert [guess(f"person-{n}") for n in range(101)] == ["refused"] * 100 + [3600]

    assert guess("bob", "correct") == 3600
    assert guess("bob", "correct", CAFE) == "in"
    assert guess("alice", "correct") == "in"
    clock.advance(hours=1)
    assert guess("bob", "correct") == "in"


def test_addresses_of_one_ipv6_network_are_one_source(guess: Guess):
    for n in range(10):
        assert guess(address=f"2001:db8:1:2::{n}") == "refused"

    assert guess(address="2001:db8:1:2:ffff::") == 1
    assert guess(address="2001:db8:1:3::") == "refused"


@pytest.mark.parametrize("username", ["alice", "nobody", "Not a username!", "x" * 256])
def test_names_of_nobody_are_limited_as_others_are(
    guess: Guess, counting: CountingUsers, username: str
):
    said = [guess(username) for _ in range(11)]

    assert said == ["refused"] * 10 + [1]
    assert counting.looks == 10


def test_a_name_typed_in_two_ways_is_one_person(guess: Guess):
    assert [guess(name) for name in ("alice", "Alice", "ALICE") * 4][10:] == [1, 1]


def test_a_login_forgets_what_was_mistyped_before_it(guess: Guess, clock: Clock):
    for _ in range(2):
        for _ in range(12):
            clock.advance(seconds=30)
            assert guess() == "refused"
        clock.advance(seconds=30)
        assert guess(password="correct") == "in"
        assert guess(password="correct") == "in"
    assert [guess() for _ in range(11)] == ["refused"] * 10 + [1]


def test_a_login_of_ones_own_buys_no_further_guesses_at_others(guess: Guess):
    for n in range(110):
        if n % 5 == 0:
            assert guess("bob", "correct") == "in"
        guess(f"person-{n}")

    assert guess("person-x") == 3600


def test_a_login_from_a_known_source_writes_nothing(
    guess: Guess, attempts: AttemptsInMemory, clock: Clock
):
    guess(password="correct")
    before = (dict(attempts.seen), dict(attempts.tallies))
    clock.advance(hours=23)

    assert guess(password="correct") == "in"
    assert (attempts.seen, attempts.tallies) == before

    clock.advance(hours=1)
    assert guess(password="correct") == "in"
    assert attempts.seen != before[0]


def test_limited_attempts_are_not_counted(guess: Guess, attempts: AttemptsInMemory):
    for _ in range(10):
        guess()
    before = dict(attempts.tallies)

    for _ in range(50):
        assert guess() == 1
    assert attempts.tallies == before


def test_whoever_goes_on_without_waiting_costs_a_reading_in_ten_seconds(
    guess: Guess, attempts: AttemptsInMemory, clock: Clock
):
    for n in range(100):
        guess(f"person-{n}")
    attempts.readings = 0

    for _ in range(50):
        assert guess("alice", "correct") == 3600
        assert guess("nobody", "correct") == 3600
    assert attempts.readings == 2
    clock.advance(seconds=9)
    assert guess("alice", "correct") == 3591
    assert attempts.readings == 2
    clock.advance(seconds=1)
    assert guess("alice", "correct") == 3590
    assert attempts.readings == 3


def test_a_refusal_is_repeated_no_longer_than_it_holds(guess: Guess, clock: Clock):
    for _ in range(10):
        guess()
    assert guess(password="correct") == 1

    clock.advance(seconds=0.5)
    assert guess(password="correct") == 1
    assert guess(password="correct", address=CAFE) == "in"
    assert guess("bob", "correct") == "in"
    clock.advance(seconds=0.5)
    assert guess(password="correct") == "in"


def test_a_refusal_does_not_outlive_a_clock_that_is_set_back(
    guess: Guess, attempts: AttemptsInMemory, clock: Clock
):
    for _ in range(11):
        guess()
    attempts.tallies.clear()

    clock.advance(hours=-1)
    assert guess(password="correct") == "in"


def test_refusals_of_many_take_no_more_room_than_of_some(
    checks: LimitedPasswordChecks, guess: Guess
):
    for n in range(100):
        guess(f"person-{n}")

    for n in range(10_100):
        assert guess(f"another-{n}") == 3600

    assert len(checks._refusals._kept) <= 10_000


@pytest.mark.parametrize("is_known", [False, True])
def test_a_table_that_is_away_is_no_refusal_and_no_free_guess(
    guess: Guess, attempts: AttemptsInMemory, counting: CountingUsers, *, is_known: bool
):
    if is_known:
        guess(password="correct")
    counting.looks = 0
    attempts.broken = UsersUnavailableError(retry_after_seconds=2)

    for password in ("wrong", "correct"):
        with pytest.raises(UsersUnavailableError):
            guess(password=password)

    assert counting.looks == 0


@pytest.mark.parametrize("is_known", [False, True])
def test_a_password_that_was_not_looked_at_was_not_guessed(
    guess: Guess, attempts: AttemptsInMemory, users: KnownUsers, *, is_known: bool
):
    if is_known:
        guess(password="correct")
    users.broken = UsersUnavailableError()

    for _ in range(20):
        with pytest.raises(UsersUnavailableError):
            guess()

    assert all(tally.failures == 0 for tally in attempts.tallies.values())


# At one moment

GUESSERS: Final = 100


def all_at_once(guess: Callable[[int], str | int]) -> list[str | int]:
    with ThreadPoolExecutor(GUESSERS) as pool:
        return list(pool.map(guess, range(GUESSERS)))


def test_of_a_hundred_guesses_at_one_moment_ten_are_looked_at(
    guess: Guess, counting: CountingUsers, attempts: AttemptsInMemory
):
    """All of them have read that nothing has failed yet."""
    all_have_read = threading.Barrier(GUESSERS)
    attempts.after_reading = lambda: all_have_read.wait(10)

    said = all_at_once(lambda _: guess())

    assert counting.looks == 10
    assert said.count("refused") == 10
    assert set(said) == {"refused", 1}


def test_of_a_hundred_sources_at_one_moment_no_more_pass_than_a_person_allows(
    guess: Guess, counting: CountingUsers, attempts: AttemptsInMemory
):
    for n in range(95):
        guess(address=f"198.51.100.{n}")
    counting.looks = 0
    all_have_read = threading.Barrier(GUESSERS)
    attempts.after_reading = lambda: all_have_read.wait(10)

    said = all_at_once(lambda n: guess(address=f"192.0.2.{n}"))

    assert counting.looks == 5
    assert said.count("refused") == 5


@pytest.mark.parametrize("right", [None, 7])
def test_of_a_hundred_guesses_from_a_known_source_ten_have_an_answer(
    guess: Guess, counting: CountingUsers, right: int | None
):
    """All are looked at, for they come before any has failed; few learn of it."""
    guess(password="correct")
    counting.looks = 0
    all_look = threading.Barrier(GUESSERS)
    counting.before_each = lambda: all_look.wait(10)

    said = all_at_once(lambda n: guess(password="correct" if n == right else "wrong"))

    assert counting.looks == GUESSERS
    assert set(said) <= {"refused", "in", 1}
    # Whoever is let in has no more to guess; what failed before is forgotten.
    assert said.count("refused") <= (20 if "in" in said else 10)
    assert said.count(1) >= GUESSERS - 21


def test_the_right_guess_that_comes_after_ten_wrong_ones_learns_nothing(
    guess: Guess, counting: CountingUsers
):
    """Though it was looked at before they were counted."""
    guess(password="correct")

    def others_fail_meanwhile() -> None:
        counting.before_each = lambda: None
        for _ in range(10):
            assert guess() == "refused"

    counting.before_each = others_fail_meanwhile

    assert guess(password="correct") == 1


def test_a_wrong_guess_that_comes_after_ten_others_learns_nothing(
    guess: Guess, counting: CountingUsers
):
    guess(password="correct")

    def others_fail_meanwhile() -> None:
        counting.before_each = lambda: None
        for _ in range(10):
            assert guess() == "refused"

    counting.before_each = others_fail_meanwhile

    assert guess(password="wrong") == 1


# Against a plain model


class Guessing(RuleBasedStateMachine):
    """All that was ever tried, looked through from the beginning each time."""

    NAMES: Final = ("alice", "bob", "nobody")
    PLACES: Final = (HOME, CAFE, "2001:db8::1", "2001:db8::2")

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.users = CountingUsers(KnownUsers(ALICE, a_user("bob")))
        self.checks = LimitedPasswordChecks(
            self.users, AttemptsInMemory(), clock=self.clock
        )
        self.log: list[tuple[datetime, str, str, bool]] = []

    @rule(
        name=st.sampled_from(NAMES),
        place=st.sampled_from(PLACES),
        password=st.sampled_from(["wrong", "wrong", "wrong", "correct"]),
        times=st.sampled_from([1, 3, 12, 60]),
    )
    def try_passwords(self, name: str, place: str, password: str, times: int) -> None:
        for _ in range(times):
            self._try_password(name, place, password)

    @rule(
        by=st.sampled_from(
            [
                *(timedelta(seconds=s) for s in (0.5, 1, 2, 8, 30)),
                *(timedelta(minutes=m) for m in (10, 59, 60)),
                *(timedelta(days=d) for d in (1, 30, 31)),
            ]
        )
    )
    def wait(self, by: timedelta) -> None:
        self.clock.now += by

    @invariant()
    def a_look_is_an_attempt_that_was_made(self) -> None:
        if hasattr(self, "log"):
            assert self.users.looks == len(self.log)

    def _try_password(self, name: str, place: str, password: str) -> None:
        source = Attempt.of("local", name, place).source
        must_wait = self._must_wait(name, source)
        limited = False
        try:
            self.checks.check(name, password, Source(address=place, request_id="r"))
        except LoginRefusedError:
            assert password == "wrong" or name == "nobody"
        except LoginLimitedError:
            limited = True
        else:
            assert password == "correct"
        assert limited == must_wait, (name, place, password)
        if not limited:
            succeeded = password == "correct" and name != "nobody"
            self.log.append((self.clock.now, name, source, succeeded))

    def _must_wait(self, name: str, source: str) -> bool:
        now = self.clock.now
        own = [e for e in self.log if e[1:3] == (name, source)]
        known = any(e[3] and now - e[0] < timedelta(days=30) for e in own)
        noted = self._noted(own)
        known_still = noted is not None and now - noted < timedelta(days=31)
        assert known_still or not known
        failures, last = self._failures(own, forgets=True)
        pause = min(30, 2 ** min(failures - 10, 9)) if failures >= 10 else 0
        if last is not None and now - last < timedelta(seconds=pause):
            return True
        if known_still:
            return False
        others = (
            [e for e in self.log if e[2] == source],
            [e for e in self.log if e[1] == name],
        )
        return any(self._failures(of, forgets=False)[0] >= 100 for of in others)

    def _failures(
        self, entries: list[tuple[datetime, str, str, bool]], *, forgets: bool
    ) -> tuple[int, datetime | None]:
        """Count those of the hour that is not over, which the first one began."""
        began: datetime | None = None
        last: datetime | None = None
        count = 0
        for at, _, _, succeeded in entries:
            if began is None or at - began >= timedelta(hours=1):
                began, count, last = (None if succeeded else at), 0, None
            if succeeded:
                count = 0 if forgets else count
                last = None if forgets else last
            else:
                count, last = count + 1, at
        if began is None or self.clock.now - began >= timedelta(hours=1):
            return 0, None
        return count, last

    @staticmethod
    def _noted(entries: list[tuple[datetime, str, str, bool]]) -> datetime | None:
        noted: datetime | None = None
        for at, _, _, succeeded in entries:
            if succeeded and (noted is None or at - noted >= timedelta(days=1)):
                noted = at
        return noted


Guessing.TestCase.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None
)
test_guessing_goes_as_in_a_plain_model = Guessing.TestCase
