"""The tokens of one login, by this machine's clock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from aikagi.expiry import RefreshNeed, refresh_need


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Times are epoch seconds, ``lifetime`` (of the access token) is in seconds.

    ``login_id`` tells one login from the next; renewing keeps it.
    """

    login_id: str
    username: str
    access_token: str = field(repr=False)
    expires_at: float
    lifetime: float
    refresh_token: str | None = field(repr=False)
    refresh_expires_at: float | None

    @classmethod
    def from_response(
        cls, body: Mapping[str, Any], *, login_id: str, username: str, now: float
    ) -> Self:
        """Read what ``/auth/login`` or ``/auth/refresh`` answered at ``now``.

        Raises ``KeyError``, ``TypeError`` or ``ValueError`` of any other answer.
        """
        access_token, lifetime = body["access_token"], body["expires_in"]
        refresh_token = body.get("refresh_token")
        refresh_lifetime = body.get("refresh_token_expires_in")
        if not isinstance(access_token, str) or not isinstance(lifetime, int | float):
            raise TypeError
        if not isinstance(refresh_token, str | None):
            raise TypeError
        return cls(
            login_id=login_id,
            username=username,
            access_token=access_token,
            expires_at=now + lifetime,
            lifetime=lifetime,
            refresh_token=refresh_token,
            refresh_expires_at=None
            if refresh_lifetime is None
            else now + refresh_lifetime,
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave. Raises ``TypeError`` of anything else."""
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """Give them as JSON, secrets and all."""
        return asdict(self)

    def refresh_need(self, now: float) -> RefreshNeed:
        """Judge the access token. One that cannot be refreshed is used to its end."""
        remaining = self.expires_at - now
        if self.refresh_token is None and remaining > 0:
            return RefreshNeed.NONE
        return refresh_need(remaining, self.lifetime)
