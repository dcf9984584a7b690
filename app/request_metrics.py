"""What is measured of a request leaves as one line, whatever measured it.

The protocol is what this needs from the world, as in ``app.broker``.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol, final

from app.domain.audit import AuditRecord
from app.domain.metrics import Measurements, Metric

_log = logging.getLogger(__name__)

_CURRENT: Final[ContextVar[Measurements | None]] = ContextVar(
    "measurements", default=None
)
"""Those of the request that is served at this moment, in its thread and no other."""


class MetricsLog(Protocol):
    """May raise anything: what is measured is worth no request."""

    def write(self, measurements: Measurements) -> None: ...


@final
class RequestMetrics:
    """Without a log nothing is measured."""

    def __init__(self, log: MetricsLog | None = None) -> None:
        self._log = log

    @contextmanager
    def of_request(self) -> Iterator[Measurements]:
        """Give what is measured inside, which leaves as one line at the end.

        Inside another one it is the same.
        """
        current = _CURRENT.get()
        if current is not None:
            yield current
            return
        measurements = Measurements()
        before = _CURRENT.set(measurements)
        try:
            yield measurements
        finally:
            _CURRENT.reset(before)
            self._write(measurements)

    def add(self, metric: Metric, value: float = 1) -> None:
        """Add what was measured; outside of a request it is a line of its own."""
        current = _CURRENT.get()
        if current is not None:
            current.add(metric, value)
            return
        with self.of_request() as measurements:
            measurements.add(metric, value)

    def count(self, record: AuditRecord) -> None:
        """Do the same of all that an event counts for."""
        current = _CURRENT.get()
        if current is not None:
            current.count(record)
            return
        with self.of_request() as measurements:
            measurements.count(record)

    def _write(self, measurements: Measurements) -> None:
        if self._log is None or not measurements.values:
            return
        try:
            self._log.write(measurements)
        except Exception as error:  # noqa: BLE001 - whatever it is, the request goes on
            _log.warning("Metrics were not written: %s", type(error).__name__)
