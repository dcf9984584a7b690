"""A grant: leave to call one function for a while, by the broker's clock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from aikagi.freshness import Freshness, freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """For how long a grant is asked, and how much of that still has to be left.

    Both are seconds.
    """

    seconds: int
    lasting: float = 0

    def judge(self, grant: "Grant", now: float) -> Freshness:
        if grant.left(now) < self.lasting:
            return Freshness.SPENT
        return grant.freshness(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Credentials and where they count. ``expires_at`` is in UTC.

    ``ahead`` is by how many seconds the broker's clock is before this machine's, and
    ``life`` how many seconds were left when the broker answered.
    """

    function_name: str
    func_url: str
    region: str
    invoke_mode: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime
    ahead: float
    life: float

    @classmethod
    def read(cls, answer: Mapping[str, Any], *, asked_at: float) -> Self:
        """Read what ``POST /grant`` answered.

        ``asked_at`` is this machine's clock (epoch seconds) at about the moment when
        the broker looked at its own. Raises ``KeyError`` or ``ValueError``.
        """
        expires_at = _moment(answer["Expiration"])
        server_time = _moment(answer["ServerTime"])
        return cls(
            function_name=answer["FunctionName"],
            func_url=answer["FuncUrl"],
            region=answer["Region"],
            invoke_mode=answer["InvokeMode"],
            access_key_id=answer["AccessKeyId"],
            secret_access_key=answer["SecretAccessKey"],
            session_token=answer["SessionToken"],
            expires_at=expires_at,
            ahead=server_time.timestamp() - asked_at,
            life=(expires_at - server_time).total_seconds(),
        )

    @classmethod
    def recall(cls, kept: Mapping[str, Any]) -> Self:
        """Read what ``remember`` wrote. Else raises ``KeyError`` or such."""
        return cls(**{**kept, "expires_at": datetime.fromisoformat(kept["expires_at"])})

    def remember(self) -> dict[str, Any]:
        """Give it as JSON, secrets and all."""
        return {**asdict(self), "expires_at": self.expires_at.isoformat()}

    def broker_time(self, now: float) -> datetime:
        """Give the broker's clock when this machine's shows ``now`` (epoch seconds)."""
        return datetime.fromtimestamp(now + self.ahead, UTC)

    def left(self, now: float) -> float:
        """Seconds until it ends."""
        return (self.expires_at - self.broker_time(now)).total_seconds()

    def freshness(self, now: float) -> Freshness:
        return freshness(self.left(now), self.life)

    def for_sdk(self) -> dict[str, Any]:
        """Give it as ``credential_process`` has to print it (AWS SDKs and Tools)."""
        return {
            "Version": 1,
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "SessionToken": self.session_token,
            "Expiration": f"{self.expires_at:%Y-%m-%dT%H:%M:%SZ}",
        }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
