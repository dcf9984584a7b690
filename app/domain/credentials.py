"""What the broker hands out."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.identity import Bearer
from app.domain.session import SessionPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """Proof of a login, to be presented to this broker only."""

    text: str = field(repr=False)
    lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """Keeps a login going: good for one renewal within ``lifetime``."""

    text: str = field(repr=False)
    lifetime: timedelta
    bearer: Bearer


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What a login gives, and each renewal of it."""

    access: AccessToken
    refresh: RefreshToken


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryCredentials:
    """AWS credentials that expire. Their secrets never appear in a ``repr``.

    ``request_id`` is STS's own for the call that made them, as in CloudTrail. Their
    session was planned for the grant ``grant_id``, and has the tag ``issued``.
    ``dropped_tags`` are those of its plan that STS had no room for;
    ``packed_policy_size`` is how much of the room it has taken, in per cent.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime
    request_id: str
    grant_id: str
    issued: int
    dropped_tags: tuple[str, ...] = ()
    packed_policy_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Leave to call one function, for a while, as planned.

    The credentials may be those of an earlier grant, whose session would have been the
    same.
    """

    plan: SessionPlan
    credentials: TemporaryCredentials
    granted_at: datetime

    @property
    def is_reused(self) -> bool:
        return self.credentials.grant_id != self.plan.grant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a request came from: the address it was seen from, and its id."""

    address: str
    request_id: str
