"""The tokens of one login, by this machine's clock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from aikagi.expiry import RefreshNeed, refresh_need
from aikagi.issuer import Issuer
from aikagi.models import require_header_value, require_seconds, string_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Times are epoch seconds, ``lifetime`` (of the access token) is in seconds.

    ``login_id`` tells one login from the next; renewing keeps it. Of a login through an
    ``issuer`` the tokens are the issuer's: ``access_token`` is the one that the broker
    takes, an ID token maybe, and ``issuer_subject`` whom its ID tokens are of. Raises
    ``TypeError`` or ``ValueError`` of members that could not be used.
    """

    login_id: str
    username: str
    access_token: str = field(repr=False)
    expires_at: float
    lifetime: float
    refresh_token: str | None = field(repr=False)
    refresh_expires_at: float | None
    issuer: Issuer | None = None
    issuer_subject: str | None = None

    def __post_init__(self) -> None:
        require_header_value(self.access_token)
        if self.refresh_token is not None:
            require_header_value(self.refresh_token)
        subject: object = "" if self.issuer_subject is None else self.issuer_subject
        texts: tuple[object, ...] = (self.login_id, self.username, subject)
        if not all(isinstance(text, str) for text in texts):
            raise TypeError
        require_seconds(self.lifetime)
        for moment in (self.expires_at, self.refresh_expires_at):
            if moment is not None:
                # By a clock that may be wrong, so there is room on both sides.
                require_seconds(moment / 10)

    @classmethod
    def from_response(
        cls, body: Mapping[str, Any], *, login_id: str, username: str, now: float
    ) -> Self:
        """Read what ``/auth/login`` or ``/auth/refresh`` answered at ``now``.

        Raises ``KeyError``, ``TypeError`` or ``ValueError`` of any other answer.
        """
        lifetime = body["expires_in"]
        require_seconds(lifetime)
        refresh_token = body.get("refresh_token")
        refresh_lifetime = body.get("refresh_token_expires_in")
        if refresh_lifetime is not None:
            require_seconds(refresh_lifetime)
        return cls(
            login_id=login_id,
            username=username,
            access_token=string_in(body, "access_token"),
            expires_at=now + lifetime,
            lifetime=lifetime,
            refresh_token=refresh_token,
            refresh_expires_at=None
            if refresh_lifetime is None
            else now + refresh_lifetime,
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        issuer = value.get("issuer")
        named = {} if issuer is None else {"issuer": Issuer.from_json(issuer)}
        return cls(**{**value, **named})

    def to_json(self) -> dict[str, Any]:
        """Give them as JSON, secrets and all."""
        issuer = None if self.issuer is None else self.issuer.to_json()
        return {**asdict(self), "issuer": issuer}

    def refresh_need(self, now: float) -> RefreshNeed:
        """Judge the access token. One that cannot be refreshed is used to its end."""
        remaining = self.expires_at - now
        if self.refresh_token is None and remaining > 0:
            return RefreshNeed.NONE
        return refresh_need(remaining, self.lifetime)
