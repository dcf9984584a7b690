"""A grant: leave to call one function for a while, by the broker's clock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any, Self

from aikagi.address import require_private
from aikagi.expiry import RefreshNeed, refresh_need
from aikagi.models import require_header_value, require_seconds, string_in


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLifetime:
    """For how long a grant is asked, and how much of that still has to remain.

    Both are seconds. Without ``seconds`` it is a quarter of an hour, or as long as the
    function allows where that is less: the broker decides.
    """

    seconds: int | None = None
    min_remaining: float = 0

    def refresh_need(self, grant: "Grant", now: float) -> RefreshNeed:
        if grant.remaining(now) < self.min_remaining:
            return RefreshNeed.MANDATORY
        return grant.refresh_need(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Credentials and where they count. ``expires_at`` is in UTC.

    ``clock_offset`` is by how many seconds the broker's clock is ahead of this
    machine's, and ``lifetime`` how many seconds remained when the broker answered.

    Raises ``TypeError`` or ``ValueError`` of members that could not be used, and
    ``AddressError`` of a URL that no credentials may be sent to.
    """

    function_name: str
    func_url: str
    region: str
    invoke_mode: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime
    clock_offset: float
    lifetime: float

    def __post_init__(self) -> None:
        for value in (
            self.region,
            self.access_key_id,
            self.secret_access_key,
            self.session_token,
        ):
            require_header_value(value)
        for seconds in (self.clock_offset, self.lifetime):
            require_seconds(seconds)
        _require_moment(self.expires_at)
        require_private(self.func_url)

    @classmethod
    def from_response(cls, body: Mapping[str, Any], *, asked_at: float) -> Self:
        """Read what ``POST /grant`` answered.

        ``asked_at`` is this machine's clock (epoch seconds) at about the moment when
        the broker looked at its own. Raises ``KeyError``, and what a grant raises.
        """
        expires_at = _moment(body["Expiration"])
        server_time = _moment(body["ServerTime"])
        return cls(
            function_name=string_in(body, "FunctionName"),
            func_url=string_in(body, "FuncUrl"),
            region=string_in(body, "Region"),
            invoke_mode=string_in(body, "InvokeMode"),
            access_key_id=string_in(body, "AccessKeyId"),
            secret_access_key=string_in(body, "SecretAccessKey"),
            session_token=string_in(body, "SessionToken"),
            expires_at=expires_at,
            clock_offset=server_time.timestamp() - asked_at,
            lifetime=(expires_at - server_time).total_seconds(),
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave. Raises ``KeyError`` or such of anything else."""
        expires_at = datetime.fromisoformat(value["expires_at"])
        return cls(**{**value, "expires_at": expires_at})

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON, secrets and all."""
        return {**asdict(self), "expires_at": self.expires_at.isoformat()}

    def broker_time(self, now: float) -> datetime:
        """Give the broker's clock when this machine's shows ``now`` (epoch seconds)."""
        return datetime.fromtimestamp(now + self.clock_offset, UTC)

    def remaining(self, now: float) -> float:
        """Seconds until it expires."""
        return (self.expires_at - self.broker_time(now)).total_seconds()

    def refresh_need(self, now: float) -> RefreshNeed:
        return refresh_need(self.remaining(now), self.lifetime)

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
    moment = datetime.fromisoformat(text)
    _require_moment(moment)
    return moment.astimezone(UTC)


def _require_moment(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError("It does not say in which zone")
    # Where a year is left on both sides, all that is done with it can be done.
    if not MINYEAR + 1 < moment.year < MAXYEAR:
        raise ValueError("It is no moment that anybody meant")
