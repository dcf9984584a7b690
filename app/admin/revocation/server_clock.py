"""The time at AWS, as its answers say it: an operator's own clock may be wrong."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from botocore.client import BaseClient


class NoDateError(Exception):
    """AWS has not said what time it is."""


@final
class ServerClock:
    """Goes on from the ``Date`` of the latest answer to ``client``.

    That is in whole seconds (RFC 9110, section 6.6.1): the time is up to one later.
    """

    def __init__(
        self, client: "BaseClient", *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._date: float | None = None
        self._read_at = 0.0
        client.meta.events.register("after-call", self._note)

    def now(self) -> float:
        """Epoch seconds. Raises ``NoDateError`` before the first dated answer."""
        if self._date is None:
            raise NoDateError
        return self._date + self._monotonic() - self._read_at

    def _note(self, http_response: Any, **_: object) -> None:  # noqa: ANN401 - botocore's AWSResponse has no public type
        try:
            date = parsedate_to_datetime(http_response.headers["Date"])
        except (KeyError, TypeError, ValueError):
            return
        self._date, self._read_at = date.timestamp(), self._monotonic()
