"""Logins that last: begun, renewed by a token that can be used once, ended.

The protocols are what this use case needs from the world, as in ``app.broker``.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, final

from app.domain.credentials import RefreshToken
from app.domain.errors import LoginEndedError
from app.domain.identity import Bearer, Identity, User
from app.domain.logins import (
    Lifetimes,
    Login,
    PresentedToken,
    RefreshSecret,
    Verdict,
    judge,
)

_log = logging.getLogger(__name__)


class LoginStore(Protocol):
    """Each may raise ``UsersUnavailableError``, also after it was done."""

    def add(self, login: Login) -> None: ...

    def read(self, login_id: str) -> Login | None:
        """Read it as it is now, after all that was written before."""

    def rotate(self, login: Login) -> bool:
        """Keep it renewed, at once or not at all.

        False where it has ended, or ``login.previous_digest`` is not its current one.
        """

    def end(self, login_id: str, at: datetime) -> None:
        """End it for good, where there is one."""


class RefreshTokenSigner(Protocol):
    """Each may raise ``SigningKeyUnavailableError``."""

    def new(self) -> RefreshSecret:
        """Make the first secret of a login that has no other."""

    def sign(self, secret: RefreshSecret) -> str:
        """Write the token out."""

    def verify(self, token: str) -> PresentedToken:
        """Raise ``LoginEndedError`` for a token that was never given to anybody."""


@final
class RotatingLogins:
    def __init__(
        self,
        store: LoginStore,
        tokens: RefreshTokenSigner,
        *,
        lifetimes: Lifetimes,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._lifetimes = lifetimes
        self._clock = clock

    def begin(self, user: User) -> RefreshToken:
        """Begin a login of ``user`` and give its first token."""
        secret = self._tokens.new()
        # What was revoked a moment ago may count until a moment that is yet to come.
        now = max(self._clock(), datetime.fromtimestamp(user.valid_from, UTC))
        login = Login.begin(secret.login_id, user, secret.digest, now, self._lifetimes)
        # Signed first: without a key there is nothing to store.
        issued = self._issue(secret, login)
        self._store.add(login)
        return issued

    def renew(
        self, refresh_token: str, find: Callable[[Identity], User | None]
    ) -> RefreshToken:
        """Trade ``refresh_token`` for its successor, which is the same every time.

        Raises ``LoginEndedError``, the same whatever is wrong; the reason goes to
        the log, as a code. A token presented again long after its use is in two
        hands: it ends the login.
        """
        presented = self._tokens.verify(refresh_token)
        login, verdict = self._judge(presented, find)
        if verdict is Verdict.ROTATE:
            now = self._clock()
            renewed = login.rotated(presented.successor.digest, now, self._lifetimes)
            if self._store.rotate(renewed):
                return self._issue(presented.successor, renewed)
            # Somebody was faster, or it was us and the answer was lost.
            login, verdict = self._judge(presented, find)
        if verdict is Verdict.REPEAT:
            return self._issue(presented.successor, login)
        if verdict is Verdict.REUSED:
            self._store.end(login.id, self._clock())
            _log.warning("Login %s was ended: %s", login.id, verdict.value)
        else:
            _log.info("Login %s was not renewed: %s", login.id, verdict.value)
        raise LoginEndedError(reason=verdict.value, identity=login.identity)

    def end(self, login_id: str) -> None:
        """End a login, if it is still there."""
        self._store.end(login_id, self._clock())

    def _judge(
        self, presented: PresentedToken, find: Callable[[Identity], User | None]
    ) -> tuple[Login, Verdict]:
        login_id = presented.secret.login_id
        login = self._store.read(login_id)
        if login is None:
            _log.info("Login %s was not renewed: unknown-login", login_id)
            raise LoginEndedError(reason="unknown-login")
        verdict = judge(
            login,
            presented.secret.digest,
            presented.successor.digest,
            find(login.identity),
            self._clock(),
        )
        return login, verdict

    def _issue(self, secret: RefreshSecret, login: Login) -> RefreshToken:
        now = self._clock()
        return RefreshToken(
            text=self._tokens.sign(secret),
            lifetime=login.expires_at - now,
            bearer=Bearer(
                identity=login.identity,
                login_id=login.id,
                issued_at=max(now, login.created_at),
                login_ends_at=login.expires_at,
            ),
        )
