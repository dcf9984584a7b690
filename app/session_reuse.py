"""One session for many grants that would be the same, within one process."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, final

from app.domain.credentials import TemporaryCredentials
from app.domain.session import SessionPlan

LEAST_LEFT: Final = 0.8
"""Of a session's life: with less of it than this left, it is handed out no more."""

MOST_SESSIONS: Final = 1000
"""Sessions that are stored at once; beyond it the one unused for longest goes."""


class SessionIssuer(Protocol):
    """Raises ``SessionsUnavailableError``."""

    def issue(self, plan: SessionPlan) -> TemporaryCredentials: ...


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Entry:
    """A session that is being begun, or has begun."""

    plan: SessionPlan
    began_at: datetime
    credentials: "Future[TemporaryCredentials]" = field(default_factory=Future)

    def serves(self, plan: SessionPlan, now: datetime) -> bool:
        """Tell whether its session may be handed out for ``plan``, which is alike."""
        user = plan.user
        if self.plan.issued < user.valid_from:
            return False
        if self.plan.grant_id in user.revoked_grants:
            return False
        if not self.credentials.done():
            return True
        credentials = self.credentials.result()
        if credentials.access_key_id == plan.refused_access_key_id:
            return False
        ends_at = credentials.expires_at
        left = (ends_at - now) / (ends_at - self.began_at)
        # A clock that was set back makes no session younger than new.
        return LEAST_LEFT <= left <= 1


@final
class ReusedSessions:
    """Satisfies ``broker.Sessions``.

    Whoever gets here has passed every check that can refuse them, at this moment. Of
    those who ask for the same at once, one asks STS: the others wait for its answer,
    and share its failure.
    """

    def __init__(
        self,
        sessions: SessionIssuer,
        *,
        clock: Callable[[], datetime],
        most_sessions: int = MOST_SESSIONS,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._most_sessions = most_sessions
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        key = plan.reuse_key
        with self._lock:
            entry = self._entries.get(key)
            is_new = entry is None or not entry.serves(plan, self._clock())
            if entry is None or is_new:
                entry = self._entries[key] = _Entry(plan=plan, began_at=self._clock())
                self._make_room()
            self._entries.move_to_end(key)
        if is_new:
            self._begin(key, entry)
        return entry.credentials.result()

    def _begin(self, key: Hashable, entry: _Entry) -> None:
        try:
            entry.credentials.set_result(self._sessions.issue(entry.plan))
        except BaseException as error:  # noqa: BLE001 - others may wait for it
            with self._lock:
                if self._entries.get(key) is entry:
                    del self._entries[key]
            entry.credentials.set_exception(error)

    def _make_room(self) -> None:
        while len(self._entries) > self._most_sessions:
            self._entries.popitem(last=False)
