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
        lifetime = float(body["expires_in"])
        refresh_lifetime = body.get("refresh_token_expires_in")
        return cls(
            login_id=login_id,
            username=username,
            access_token=body["access_token"],
            expires_at=now + lifetime,
            lifetime=lifetime,
            refresh_token=body.get("refresh_token"),
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
        return refresh_need(self.expires_at - now, self.lifetime)
