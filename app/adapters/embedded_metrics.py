"""CloudWatch's embedded metric format: lines of the log that become metrics.

Amazon CloudWatch User Guide, "Specification: Embedded metric format".
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, final

from app.adapters.line_writer import LineWriter
from app.domain.metrics import REASON, Measurements, Metric

_MOST_VALUES: Final = 100
"""Of one metric in one line."""

_encode: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@final
class EmbeddedMetrics:
    """Satisfies ``request_metrics.MetricsLog``."""

    def __init__(
        self,
        lines: LineWriter,
        *,
        namespace: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._lines = lines
        self._namespace = namespace
        self._clock = clock
        self._directives: dict[tuple[Metric, ...], str] = {}

    def write(self, measurements: Measurements) -> None:
        """Write one line. Raises whatever the stream does."""
        values = measurements.values
        timestamp = int(self._clock().timestamp() * 1000)
        directives = self._directives_for(tuple(values))
        members = _encode(
            {metric.name: _target(values[metric]) for metric in values}
            | measurements.properties
        )
        self._lines.write(
            f'{{"_aws":{{"Timestamp":{timestamp},"CloudWatchMetrics":{directives}}},'
            f"{members[1:]}"
        )

    def _directives_for(self, metrics: tuple[Metric, ...]) -> str:
        """Encode once what says the same of every request that is like this one."""
        if metrics not in self._directives:
            self._directives[metrics] = _encode(_directives(self._namespace, metrics))
        return self._directives[metrics]


def _directives(namespace: str, metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    """Every metric has no dimension, and some have one once more."""
    by_reason = [metric for metric in metrics if metric.by_reason]
    directives = [_directive(namespace, [], metrics)]
    if by_reason:
        directives.append(_directive(namespace, [REASON], by_reason))
    return directives


def _directive(
    namespace: str, dimensions: Sequence[str], metrics: Sequence[Metric]
) -> dict[str, Any]:
    return {
        "Namespace": namespace,
        "Dimensions": [dimensions],
        "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in metrics],
    }


def _target(values: Sequence[float]) -> float | Sequence[float]:
    return values[0] if len(values) == 1 else values[:_MOST_VALUES]
