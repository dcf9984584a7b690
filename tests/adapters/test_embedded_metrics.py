"""Lines of metrics are what CloudWatch reads, and no audit lines."""

import io
import json
from collections.abc import Iterator
from itertools import combinations

import pytest

from app.adapters.embedded_metrics import EmbeddedMetrics
from app.adapters.line_writer import LineWriter
from app.admin.audit_lines import OtherLine, read_line
from app.admin.audit_schema import members_of
from app.domain.audit import RECORDS
from app.domain.metrics import (
    GRANTS,
    METRICS,
    REASON,
    REFUSALS,
    STS_LATENCY,
    Measurements,
    Metric,
)
from tests.embedded_metric_format import Datum, data_of
from tests.fakes import NOON, Clock

NAMESPACE = "Aikagi/trial"
AT = int(NOON.timestamp() * 1000)
SHARED = {"RequestId", "FunctionName"}
"""Members that audit lines have too, and mean the same."""


def written(measurements: Measurements) -> str:
    stream = io.StringIO()
    lines = LineWriter(stream)
    EmbeddedMetrics(lines, namespace=NAMESPACE, clock=Clock()).write(measurements)
    [line] = stream.getvalue().splitlines()
    return line


def a_line_with(*metrics: Metric) -> str:
    """Give a line of these metrics with everything that can stand beside them."""
    properties = {"RequestId": "r-1", "FunctionName": "hello", REASON: "expired"}
    return written(
        Measurements(
            values={metric: [1.5] for metric in metrics}, properties=properties
        )
    )


def sets_of_metrics() -> Iterator[tuple[Metric, ...]]:
    yield METRICS
    yield from ((metric,) for metric in METRICS)
    yield from combinations(METRICS, 2)


def test_a_metric_is_told_without_dimensions_and_once_more_for_its_reason():
    assert data_of(a_line_with(REFUSALS, STS_LATENCY)) == [
        Datum(
            namespace=NAMESPACE,
            name=name,
            unit=unit,
            dimensions=dimensions,
            values=(1.5,),
            timestamp=AT,
        )
        for name, unit, dimensions in (
            ("Refusals", "Count", {}),
            ("StsLatency", "Milliseconds", {}),
            ("Refusals", "Count", {"RefusalReason": "expired"}),
        )
    ]


@pytest.mark.parametrize("metrics", list(sets_of_metrics()))
def test_cloudwatch_takes_every_metric_and_any_two(metrics: tuple[Metric, ...]):
    found = data_of(a_line_with(*metrics))

    assert [(datum.name, datum.unit) for datum in found if not datum.dimensions] == [
        (metric.name, metric.unit) for metric in metrics
    ]
    assert {datum.name for datum in found if datum.dimensions} == {
        metric.name for metric in metrics if metric.by_reason
    }


def test_several_values_of_one_request_are_told_in_one_line():
    [datum] = data_of(written(Measurements(values={STS_LATENCY: [3, 4.5]})))

    assert datum.values == (3, 4.5)


def test_of_more_values_than_a_line_may_have_the_first_are_told():
    many = [float(number) for number in range(150)]

    [datum] = data_of(written(Measurements(values={STS_LATENCY: many})))

    assert datum.values == tuple(many[:100])


def test_a_line_is_no_audit_line_and_has_no_member_by_which_one_is_found():
    line = a_line_with(*METRICS)
    members = {name for record in RECORDS for name in members_of(record)}

    assert read_line(line) == OtherLine(event=None)
    assert json.loads(line).keys() & members == SHARED
    # Exports wrap a line into a member of these names, where it has no Event.
    assert json.loads(line).keys().isdisjoint({"message", "@message"})


def test_no_metric_is_called_like_another_or_like_what_stands_beside_it():
    names = [metric.name for metric in METRICS]

    assert len({*names, *SHARED, REASON, "_aws"}) == len(names) + len(SHARED) + 2


@pytest.mark.parametrize(
    "text", ["two\nlines", '"quoted"', "\ud800", "\x00", "鍵"], ids=ascii
)
def test_a_line_cannot_be_broken_by_what_is_in_it(text: str):
    line = written(Measurements(values={GRANTS: [1]}, properties={"RequestId": text}))

    assert json.loads(line)["RequestId"] == text


def test_what_is_no_number_is_not_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        written(Measurements(values={STS_LATENCY: [float("nan")]}))
