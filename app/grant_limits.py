"""How many grants somebody gets from one process in a short time."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Final, final

from app.domain.errors import GrantLimitedError
from app.domain.identity import Identity

PER_MINUTE: Final = 120

MOST_PEOPLE: Final = 10_000
"""People who are counted at once; beyond it the one goes who asked longest ago."""

_MINUTE: Final = 60.0


@final
class TokenBuckets:
    """A bucket of ``per_minute`` tokens for each person. Satisfies ``GrantLimits``.

    A bucket is stored as the moment at which it will be full again. It counts in this
    process alone: the quota of STS is guarded by API Gateway's throttling and by
    ``BrokerConcurrency``.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        per_minute: int = PER_MINUTE,
        most_people: int = MOST_PEOPLE,
    ) -> None:
        self._clock = clock
        self._seconds_each = _MINUTE / per_minute
        self._most_people = most_people
        self._full_at: OrderedDict[Identity, float] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, identity: Identity) -> None:
        """Take a token. Raises ``GrantLimitedError`` where there is none."""
        now = self._clock().timestamp()
        with self._lock:
            # No later than an empty one is full again, even if the clock was set back.
            full_at = min(max(self._full_at.get(identity, now), now), now + _MINUTE)
            wait = full_at + self._seconds_each - now - _MINUTE
            is_granted = wait <= 0
            self._store(identity, full_at + self._seconds_each * is_granted)
        if not is_granted:
            raise GrantLimitedError(retry_after_seconds=math.ceil(wait))

    def _store(self, identity: Identity, full_at: float) -> None:
        self._full_at[identity] = full_at
        self._full_at.move_to_end(identity)
        while len(self._full_at) > self._most_people:
            self._full_at.popitem(last=False)
