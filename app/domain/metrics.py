"""What is measured: every metric that there is, and those that an event counts for.

``docs/metrics.md`` explains each of them. A metric is billed for each value of its
dimension, so there is one dimension, of few values: why something was refused. Nothing
that a caller chooses is one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.domain.audit import (
    LONGEST_TEXT,
    AuditRecord,
    GrantRecord,
    LoginRecord,
    RefusalRecord,
    RenewalRecord,
    RequestRecord,
)
from app.domain.errors import UnavailableError


class Unit(StrEnum):
    """CloudWatch's names (Amazon CloudWatch API Reference, MetricDatum)."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    PERCENT = "Percent"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    """``by_reason`` has it once more for each reason, beside the one for all."""

    name: str
    unit: Unit
    by_reason: bool = False


LOGINS: Final = Metric(name="Logins", unit=Unit.COUNT)
RENEWALS: Final = Metric(name="Renewals", unit=Unit.COUNT)
GRANTS: Final = Metric(name="Grants", unit=Unit.COUNT)
REUSED_SESSIONS: Final = Metric(name="ReusedSessions", unit=Unit.COUNT)
"""1 for a grant whose session was made for an earlier one, else 0."""
DROPPED_TAG_COUNT: Final = Metric(name="DroppedTagCount", unit=Unit.COUNT)
REFUSALS: Final = Metric(name="Refusals", unit=Unit.COUNT, by_reason=True)
FAULTS: Final = Metric(name="Faults", unit=Unit.COUNT, by_reason=True)
"""Refusals that are no caller's fault."""
STS_LATENCY: Final = Metric(name="StsLatency", unit=Unit.MILLISECONDS)
STS_THROTTLES: Final = Metric(name="StsThrottles", unit=Unit.COUNT)
PACKED_POLICY_SIZE: Final = Metric(name="PackedPolicySize", unit=Unit.PERCENT)
COLD_STARTS: Final = Metric(name="ColdStarts", unit=Unit.COUNT)
RESTORES: Final = Metric(name="Restores", unit=Unit.COUNT)

METRICS: Final = (
    LOGINS,
    RENEWALS,
    GRANTS,
    REUSED_SESSIONS,
    DROPPED_TAG_COUNT,
    REFUSALS,
    FAULTS,
    STS_LATENCY,
    STS_THROTTLES,
    PACKED_POLICY_SIZE,
    COLD_STARTS,
    RESTORES,
)
"""All of them, in the order of the documents."""

REASON: Final = "RefusalReason"
"""The dimension. Audit lines have a ``Reason``, and nothing else in the log has one."""

_FAULTS: Final = frozenset(error.code for error in UnavailableError.__subclasses__())


@dataclass(slots=True, kw_only=True)
class Measurements:
    """What was measured of one request, or of none, and what its line says besides.

    No member of ``properties`` is a dimension but ``REASON``.
    """

    values: dict[Metric, list[float]] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)

    def add(self, metric: Metric, value: float) -> None:
        self.values.setdefault(metric, []).append(value)

    def count(self, record: AuditRecord) -> None:
        """Add what an event counts for, and what is known of its request."""
        for metric, value in _counts_of(record):
            self.add(metric, value)
        if isinstance(record, RequestRecord):
            self.properties["RequestId"] = record.source.request_id[:LONGEST_TEXT]
        if isinstance(record, GrantRecord):
            self.properties["FunctionName"] = record.function_name
        if isinstance(record, RefusalRecord):
            self.properties[REASON] = record.reason


def _counts_of(record: AuditRecord) -> Iterator[tuple[Metric, int]]:
    match record:
        case GrantRecord():
            yield GRANTS, 1
            yield REUSED_SESSIONS, int(record.reused)
            if record.dropped_tags:
                yield DROPPED_TAG_COUNT, len(record.dropped_tags)
        case LoginRecord():
            yield LOGINS, 1
        case RenewalRecord():
            yield RENEWALS, 1
        case RefusalRecord():
            yield (FAULTS if record.reason in _FAULTS else REFUSALS), 1
        case _:
            pass
