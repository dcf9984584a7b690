"""How long somebody stays logged in, and what a presented refresh token means.

Pure: a login, the token that was presented, who the person is now and the time decide.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.identity import Identity, User

GRACE: Final = timedelta(seconds=10)
"""How long after its use a token may be presented again, and has the same successor.

An answer may be lost, and two pages may race. It outlasts both impatient tries of a
write, three seconds each, and the two seconds after which a caller comes back.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """A login ends ``longest`` after it began, or ``idle`` after its last renewal."""

    longest: timedelta
    idle: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Somebody's staying logged in, as it is kept: digests, and no token.

    ``credentials_version`` is the user's when it began. ``expires_at`` moves with every
    renewal, up to ``ends_at``.
    """

    id: str
    identity: Identity
    credentials_version: str
    current_digest: str
    previous_digest: str | None
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime
    ends_at: datetime
    ended_at: datetime | None

    @classmethod
    def begin(
        cls,
        id_: str,
        user: User,
        token_digest: str,
        now: datetime,
        lifetimes: Lifetimes,
    ) -> "Login":
        """Begin a login whose first token has this digest."""
        ends_at = _whole(now + lifetimes.longest)
        return cls(
            id=id_,
            identity=user.identity,
            credentials_version=user.credentials_version,
            current_digest=token_digest,
            previous_digest=None,
            created_at=now,
            rotated_at=now,
            expires_at=min(_whole(now + lifetimes.idle), ends_at),
            ends_at=ends_at,
            ended_at=None,
        )

    def rotated(
        self, successor_digest: str, now: datetime, lifetimes: Lifetimes
    ) -> "Login":
        """Renew it: the token of this digest follows the current one."""
        return replace(
            self,
            current_digest=successor_digest,
            previous_digest=self.current_digest,
            rotated_at=now,
            expires_at=min(_whole(now + lifetimes.idle), self.ends_at),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSecret:
    """What makes a refresh token that one and no other; only ``digest`` is stored."""

    login_id: str
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedToken:
    """A token of ours that somebody presents, and the one that can follow it."""

    secret: RefreshSecret
    successor: RefreshSecret


class Verdict(StrEnum):
    """What is to be done about a presented token; a refusal is its code in the log."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REUSED = "refresh-token-reused"
    ENDED = "ended"
    EXPIRED = "expired"
    USER_UNKNOWN_OR_DISABLED = "user-unknown-or-disabled"
    CREDENTIALS_CHANGED = "credentials-changed"
    REVOKED = "revoked"


def judge(
    login: Login,
    presented_digest: str,
    successor_digest: str,
    user: User | None,
    now: datetime,
) -> Verdict:
    """Decide about a token of ``login`` that was presented.

    ``successor_digest`` is the digest of the one token that can follow it.
    """
    over = _over(login, user, now)
    if over:
        return over
    if presented_digest == login.current_digest:
        return Verdict.ROTATE
    # An instance whose clock is behind must not repeat it for as long as that.
    is_previous = presented_digest == login.previous_digest
    was_just_used = is_previous and abs(now - login.rotated_at) < GRACE
    if was_just_used and successor_digest == login.current_digest:
        return Verdict.REPEAT
    return Verdict.REUSED


def _over(login: Login, user: User | None, now: datetime) -> Verdict | None:
    """Say why it is over whatever is presented, if it is."""
    if login.ended_at is not None:
        return Verdict.ENDED
    if now >= login.expires_at:
        return Verdict.EXPIRED
    if user is None:
        return Verdict.USER_UNKNOWN_OR_DISABLED
    if user.credentials_version != login.credentials_version:
        return Verdict.CREDENTIALS_CHANGED
    if login.created_at.timestamp() < user.valid_from:
        return Verdict.REVOKED
    return None


def _whole(moment: datetime) -> datetime:
    """Round up to the second: DynamoDB's time to live counts no finer."""
    return (moment + timedelta(microseconds=999_999)).replace(microsecond=0)
