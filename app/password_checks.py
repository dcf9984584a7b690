"""Passwords are checked here, as often as the limits allow and no oftener.

The protocols are what this use case needs from the world, as in ``app.broker``.
"""

import logging
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol, final

from app.domain.credentials import Source
from app.domain.errors import (
    LoginLimitedError,
    LoginRefusedError,
    UsersUnavailableError,
)
from app.domain.identity import (
    LOCAL,
    CheckedPassword,
    RefusedPassword,
    canonical_username,
)
from app.domain.limits import Attempt, Counter, History, Tally

_log = logging.getLogger(__name__)


class PasswordUsers(Protocol):
    def authenticate(
        self, username: str, password: str
    ) -> CheckedPassword | RefusedPassword:
        """Return the user, or why there is none.

        May raise ``UsersUnavailableError``.
        """


class AttemptStore(Protocol):
    """Each may raise ``UsersUnavailableError``, also after it was done."""

    def read(self, attempt: Attempt) -> History:
        """Read what is known, as it is now."""

    def count(self, counter: Counter, tally: Tally | None, now: datetime) -> timedelta:
        """Count a failure, at once or not at all.

        ``tally`` is what was read before. Where others were faster, and the counter
        allows no more by now, nothing is counted, and the wait is returned.
        """

    def take_back(self, counter: Counter) -> None:
        """Count one failure less."""

    def forget(self, counter: Counter) -> None:
        """Count from nothing again."""

    def note_login(self, attempt: Attempt, now: datetime) -> None:
        """Keep that the person logged in from this source."""


REFUSAL_REMEMBERED: Final = timedelta(seconds=10)
"""How long a refusal is repeated without a look at the table.

It is true for as long as it says. Only where a login of the same person from the same
source was under way at that moment could it have become shorter since.
"""

_MOST_REFUSALS: Final = 10_000


@final
class _Refusals:
    """Those of a moment ago: whoever goes on without waiting costs no reading."""

    def __init__(self) -> None:
        self._kept: dict[Attempt, tuple[datetime, datetime]] = {}

    def wait(self, attempt: Attempt, now: datetime) -> timedelta:
        refused_at, until = self._kept.get(attempt, (now, now))
        # abs(): a clock that is set back must not make one last.
        is_recent = abs(now - refused_at) < REFUSAL_REMEMBERED
        return until - now if is_recent else timedelta(0)

    def keep(self, attempt: Attempt, wait: timedelta, now: datetime) -> None:
        if len(self._kept) >= _MOST_REFUSALS:
            self._kept.clear()
        self._kept[attempt] = (now, now + wait)


@final
class LimitedPasswordChecks:
    """Counts failures before the check where the source is new to the person.

    Of a hundred attempts at one moment, whatever process they reach, no more are made
    than the limits allow. From a known source an attempt that succeeds writes nothing:
    there a failure is counted after the check and a success is looked at once more, so
    that whoever comes too late learns nothing either way.
    """

    def __init__(
        self,
        users: PasswordUsers,
        attempts: AttemptStore,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._users = users
        self._attempts = attempts
        self._clock = clock
        self._refusals = _Refusals()

    def check(self, username: str, password: str, source: Source) -> CheckedPassword:
        """Return the user whose password this is.

        Raises ``LoginRefusedError``, the same whatever is wrong, ``LoginLimitedError``
        with the seconds to wait, and ``UsersUnavailableError``.
        """
        attempt = Attempt.of(LOCAL, _canonical(username), source.address)
        _refuse(self._refusals.wait(attempt, self._clock()))
        history = self._attempts.read(attempt)
        now = self._clock()
        wait = history.wait(attempt, now)
        if wait > timedelta(0):
            self._refusals.keep(attempt, wait, now)
        _refuse(wait)
        check = self._check_known if history.is_known(now) else self._check_new
        user = check(username, password, attempt, history)
        if history.wants_noting(now):
            self._attempts.note_login(attempt, now)
        return user

    def _check_new(
        self, username: str, password: str, attempt: Attempt, history: History
    ) -> CheckedPassword:
        for counter in attempt.counters:
            _refuse(self._count(counter, history))
        try:
            user = self._users.authenticate(username, password)
        except UsersUnavailableError:
            # Nothing was tried. It is likely that this cannot be written either.
            with suppress(UsersUnavailableError):
                self._take_back(attempt.counters)
            raise
        if isinstance(user, RefusedPassword):
            raise _refusal(user)
        self._attempts.forget(attempt.pair)
        self._take_back(attempt.counters[1:])
        return user

    def _check_known(
        self, username: str, password: str, attempt: Attempt, history: History
    ) -> CheckedPassword:
        user = self._users.authenticate(username, password)
        if isinstance(user, RefusedPassword):
            _refuse(self._count(attempt.pair, history))
            for counter in attempt.counters[1:]:
                self._count(counter, history)
            raise _refusal(user)
        latest = self._attempts.read(attempt)
        _refuse(latest.wait(attempt, self._clock()))
        if latest.has_failures(attempt.pair):
            self._attempts.forget(attempt.pair)
        return user

    def _count(self, counter: Counter, history: History) -> timedelta:
        return self._attempts.count(
            counter, history.tallies.get(counter), self._clock()
        )

    def _take_back(self, counters: tuple[Counter, ...]) -> None:
        for counter in counters:
            self._attempts.take_back(counter)


def _refuse(wait: timedelta) -> None:
    if wait > timedelta(0):
        _log.info("An attempt to log in was not made: limited")
        raise LoginLimitedError(retry_after_seconds=math.ceil(wait.total_seconds()))


def _refusal(refused: RefusedPassword) -> LoginRefusedError:
    return LoginRefusedError(reason=refused.reason, identity=refused.identity)


def _canonical(username: str) -> str:
    try:
        return canonical_username(username)
    except ValueError:
        return username
