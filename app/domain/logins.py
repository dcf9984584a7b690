"""How long somebody stays logged in, and what a shown refresh token means.

Pure: a login, what was shown of it, who the person is now and the time decide.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.identity import Identity, User

GRACE: Final = timedelta(seconds=10)
"""How long a token just spent may be shown again, and has the same successor.

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

    ``stamp`` is the person's own when it began. ``expires_at`` moves with every
    renewal, up to ``ends_at``.
    """

    id: str
    identity: Identity
    stamp: str
    current: str
    previous: str | None
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime
    ends_at: datetime
    ended_at: datetime | None

    @classmethod
    def begin(
        cls, id_: str, user: User, token: str, now: datetime, lifetimes: Lifetimes
    ) -> "Login":
        """Begin a login whose first token has the digest ``token``."""
        ends_at = _whole(now + lifetimes.longest)
        return cls(
            id=id_,
            identity=user.identity,
            stamp=user.stamp,
            current=token,
            previous=None,
            created_at=now,
            rotated_at=now,
            expires_at=min(_whole(now + lifetimes.idle), ends_at),
            ends_at=ends_at,
            ended_at=None,
        )

    def rotated(self, token: str, now: datetime, lifetimes: Lifetimes) -> "Login":
        """Renew it: the token of digest ``token`` follows the current one."""
        return replace(
            self,
            current=token,
            previous=self.current,
            rotated_at=now,
            expires_at=min(_whole(now + lifetimes.idle), self.ends_at),
        )


class Verdict(StrEnum):
    """What is to be done about a shown token; a refusal is its code in the log."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    SPENT = "spent-token-shown-again"
    ENDED = "ended"
    EXPIRED = "expired"
    NOT_KNOWN = "person-unknown-or-disabled"
    STAMPED_ANEW = "begun-before-a-new-password-or-a-disabling"


def judge(
    login: Login, shown: str, successor: str, user: User | None, now: datetime
) -> Verdict:
    """Decide about a token of ``login`` with the digest ``shown``.

    ``successor`` is the digest of the one token that can follow it.
    """
    over = _over(login, user, now)
    if over:
        return over
    if shown == login.current:
        return Verdict.ROTATE
    # An instance whose clock is behind must not repeat it for as long as that.
    just_spent = shown == login.previous and abs(now - login.rotated_at) < GRACE
    if just_spent and successor == login.current:
        return Verdict.REPEAT
    return Verdict.SPENT


def _over(login: Login, user: User | None, now: datetime) -> Verdict | None:
    """Say why it is over whatever is shown, if it is."""
    if login.ended_at is not None:
        return Verdict.ENDED
    if now >= login.expires_at:
        return Verdict.EXPIRED
    if user is None:
        return Verdict.NOT_KNOWN
    return None if user.stamp == login.stamp else Verdict.STAMPED_ANEW


def _whole(moment: datetime) -> datetime:
    """Round up to the second: DynamoDB's time to live counts no finer."""
    return (moment + timedelta(microseconds=999_999)).replace(microsecond=0)
