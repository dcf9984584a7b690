"""The sessions that were issued: what STS remembers."""

import base64
import heapq
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, final

from aikagi_emulator.aws.principals import Principal
from aikagi_emulator.iam import Policy

_REMEMBERED: Final = timedelta(hours=1)
"""An expired key is told that it expired for this long, then that it is unknown."""

_TOKEN_BYTES: Final = 600
"""800 characters, which is in the middle of what STS issues.

Its size is not fixed, and nobody may rely on one:
https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
"""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Temporary credentials and everything that was decided when they were issued.

    ``tags`` are the session's own and inherited ones, without the role's.
    ``transitive_tag_keys`` are lower-case. ``session_policies`` is None where none
    was passed, which does not limit.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime
    issued_at: datetime
    principal: Principal
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None
    session_policies: tuple[Policy, ...] | None = None
    chained: bool = False

    @property
    def arn(self) -> str:
        return self.principal.session_arn(self.name)

    @property
    def user_id(self) -> str:
        """``AROA…:session name`` for a role, ``AIDA…`` for a user."""
        return self.principal.session_id(self.name)


@final
class SessionStore:
    """Issues sessions and finds them again. Safe to use from any thread."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._ends: list[tuple[datetime, str]] = []

    def issue(  # noqa: PLR0913 - AssumeRole has as many answers to keep
        self,
        principal: Principal,
        *,
        lifetime: timedelta,
        name: str = "",
        tags: Mapping[str, str] | None = None,
        transitive_tag_keys: frozenset[str] = frozenset(),
        source_identity: str | None = None,
        session_policies: tuple[Policy, ...] | None = None,
        chained: bool = False,
    ) -> Session:
        """Make credentials. Nothing is checked here: ``aws.sts`` decides."""
        # AWS tells times in whole seconds, and a condition compares what was told.
        issued_at = self._clock().replace(microsecond=0)
        session = Session(
            access_key_id=_access_key_id(),
            secret_access_key=base64.b64encode(secrets.token_bytes(30)).decode(),
            session_token=base64.b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode(),
            expires_at=issued_at + lifetime,
            issued_at=issued_at,
            principal=principal,
            name=name,
            tags=dict(tags or {}),
            transitive_tag_keys=transitive_tag_keys,
            source_identity=source_identity,
            session_policies=session_policies,
            chained=chained,
        )
        with self._lock:
            self._forget_the_long_expired()
            self._sessions[session.access_key_id] = session
            heapq.heappush(self._ends, (session.expires_at, session.access_key_id))
        return session

    def find(self, access_key_id: str) -> Session | None:
        """The session, expired or not: who checks it must compare the time."""
        return self._sessions.get(access_key_id)

    def __len__(self) -> int:
        return len(self._sessions)

    def _forget_the_long_expired(self) -> None:
        horizon = self._clock() - _REMEMBERED
        while self._ends and self._ends[0][0] <= horizon:
            self._sessions.pop(heapq.heappop(self._ends)[1], None)


def _access_key_id() -> str:
    """``ASIA`` and sixteen characters of base32, as temporary keys have."""
    return "ASIA" + base64.b32encode(secrets.token_bytes(10)).decode()
