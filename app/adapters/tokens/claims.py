"""The rules about claims, each stated: nothing is left to a library's default."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.adapters.tokens.rejection import Rejected

LEEWAY: Final = timedelta(seconds=5)
"""Between clocks that are synchronised. No rule below bends further than this."""

SESSION_EXPIRY: Final = "session_expiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token has to say to be one of ours."""

    issuer: str
    audience: str
    longest_life: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What of the claims is used once all of them are as expected."""

    subject: str
    login_id: str
    issued_at: datetime
    login_ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When a token that is good at this moment was issued, and when it expires."""

    issued_at: datetime
    expires_at: datetime


def check(claims: Mapping[str, Any], expected: Expected, now: datetime) -> Checked:
    """Check that all claims are as ``expected``, or raise ``Rejected``.

    Claims are those of RFC 9068, section 2.2, and the ``sid`` of OpenID Connect.
    """
    times = check_times(claims, expected.longest_life, now, leeway=LEEWAY)
    if text(claims, "iss") != expected.issuer:
        raise Rejected("wrong-issuer")
    if text(claims, "aud") != expected.audience:
        raise Rejected("wrong-audience")
    text(claims, "jti")
    return Checked(
        subject=text(claims, "sub"),
        login_id=text(claims, "sid"),
        issued_at=times.issued_at,
        login_ends_at=login_end(claims, times),
    )


def check_times(
    claims: Mapping[str, Any],
    longest_life: timedelta,
    moment: datetime,
    *,
    leeway: timedelta,
) -> Times:
    """Return when the token was issued and expires, or raise ``Rejected``."""
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    now = moment.timestamp()
    ahead = now + leeway.total_seconds()
    # The instant of expiry is already too late (RFC 7519, section 4.1.4).
    if now >= expires:
        raise Rejected("expired")
    if "nbf" in claims and _time(claims, "nbf") > ahead:
        raise Rejected("not-yet-valid")
    if issued > ahead:
        raise Rejected("issued-in-the-future")
    if not 0 < expires - issued <= longest_life.total_seconds():
        raise Rejected("lives-too-long")
    return Times(
        issued_at=datetime.fromtimestamp(issued, UTC),
        expires_at=datetime.fromtimestamp(expires, UTC),
    )


def login_end(claims: Mapping[str, Any], times: Times) -> datetime:
    """Return when the login ends, as far as the token says, or raise ``Rejected``.

    That is ``session_expiry`` (OpenID Connect Enterprise Extensions 1.0, draft 01), or
    else the end of the token.
    """
    if SESSION_EXPIRY not in claims:
        return times.expires_at
    try:
        return datetime.fromtimestamp(_time(claims, SESSION_EXPIRY), UTC)
    except (ValueError, OverflowError, OSError):
        raise Rejected(f"no-{SESSION_EXPIRY}") from None


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # A bool is an int to Python, and a string of digits is no time. That a number is
    # finite, strict JSON has seen to.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Rejected(f"no-{name}")
    return value


def text(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that has to be text, or raise ``Rejected``."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise Rejected(f"no-{name}")
    return value
