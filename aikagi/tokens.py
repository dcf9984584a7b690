"""The tokens of one login, by this machine's clock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from aikagi.freshness import Freshness, freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Times are epoch seconds, ``life`` is in seconds.

    ``login`` tells one login from the next; renewing keeps it.
    """

    login: str
    username: str
    access: str = field(repr=False)
    ends_at: float
    life: float
    refresh: str | None = field(repr=False)
    refresh_ends_at: float | None

    @classmethod
    def read(
        cls, answer: Mapping[str, Any], *, login: str, username: str, now: float
    ) -> Self:
        """Read what ``/auth/login`` or ``/auth/refresh`` answered at ``now``.

        Raises ``KeyError``, ``TypeError`` or ``ValueError`` of any other answer.
        """
        life = float(answer["expires_in"])
        refresh = answer.get("refresh_token")
        refresh_life = answer.get("refresh_token_expires_in")
        return cls(
            login=login,
            username=username,
            access=answer["access_token"],
            ends_at=now + life,
            life=life,
            refresh=refresh,
            refresh_ends_at=None if refresh_life is None else now + refresh_life,
        )

    @classmethod
    def recall(cls, kept: Mapping[str, Any]) -> Self:
        """Read what ``remember`` wrote. Raises ``TypeError`` of anything else."""
        return cls(**kept)

    def remember(self) -> dict[str, Any]:
        """Give them as JSON, secrets and all."""
        return asdict(self)

    def freshness(self, now: float) -> Freshness:
        return freshness(self.ends_at - now, self.life)
