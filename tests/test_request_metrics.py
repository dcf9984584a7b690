"""What is measured of one request leaves as one line, and holds nothing up."""

import logging
import threading

import pytest

from app.domain.metrics import GRANTS, LOGINS, STS_LATENCY, Measurements
from app.request_metrics import RequestMetrics


class Lines:
    """Stands where standard output would; ``broken`` is raised when it is set."""

    def __init__(self) -> None:
        self.written: list[dict[str, list[float]]] = []
        self.broken: Exception | None = None

    def write(self, measurements: Measurements) -> None:
        if self.broken:
            raise self.broken
        self.written.append(
            {metric.name: values for metric, values in measurements.values.items()}
        )


def fail(metrics: RequestMetrics) -> None:
    """Serve a request that is measured and fails."""
    with metrics.of_request():
        metrics.add(STS_LATENCY, 3)
        raise KeyError


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def metrics(lines: Lines) -> RequestMetrics:
    return RequestMetrics(lines)


def test_what_is_measured_of_a_request_is_one_line_at_its_end(
    lines: Lines, metrics: RequestMetrics
):
    with metrics.of_request():
        metrics.add(STS_LATENCY, 3)
        metrics.add(STS_LATENCY, 4)
        metrics.add(GRANTS)
        assert lines.written == []

    assert lines.written == [{"StsLatency": [3, 4], "Grants": [1]}]


def test_a_request_within_a_request_is_the_same(lines: Lines, metrics: RequestMetrics):
    with metrics.of_request():
        with metrics.of_request():
            metrics.add(GRANTS)
        metrics.add(STS_LATENCY, 3)

    assert lines.written == [{"Grants": [1], "StsLatency": [3]}]


def test_a_request_of_which_nothing_is_measured_has_no_line(
    lines: Lines, metrics: RequestMetrics
):
    with metrics.of_request():
        pass

    assert lines.written == []


def test_outside_of_a_request_each_is_a_line_of_its_own(
    lines: Lines, metrics: RequestMetrics
):
    metrics.add(LOGINS)
    metrics.add(GRANTS)

    assert lines.written == [{"Logins": [1]}, {"Grants": [1]}]


def test_a_request_that_fails_is_measured_all_the_same(
    lines: Lines, metrics: RequestMetrics
):
    with pytest.raises(KeyError):
        fail(metrics)

    assert lines.written == [{"StsLatency": [3]}]
    with metrics.of_request():
        metrics.add(GRANTS)
    assert lines.written[1:] == [{"Grants": [1]}]


def test_requests_in_several_threads_are_not_mixed(
    lines: Lines, metrics: RequestMetrics
):
    together = threading.Barrier(2)

    def serve(milliseconds: float) -> None:
        with metrics.of_request():
            together.wait(10)
            metrics.add(STS_LATENCY, milliseconds)
            together.wait(10)
            metrics.add(GRANTS)

    threads = [threading.Thread(target=serve, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(lines.written, key=str) == [
        {"StsLatency": [1], "Grants": [1]},
        {"StsLatency": [2], "Grants": [1]},
    ]


def test_a_line_that_cannot_be_written_ends_no_request(
    lines: Lines, metrics: RequestMetrics, caplog: pytest.LogCaptureFixture
):
    lines.broken = BrokenPipeError("not to be seen")

    with metrics.of_request():
        metrics.add(GRANTS)
    metrics.add(LOGINS)

    warnings = [(record.levelno, record.getMessage()) for record in caplog.records]
    expected = (logging.WARNING, "Metrics were not written: BrokenPipeError")
    assert warnings == [expected, expected]


def test_the_failure_of_a_request_is_not_hidden_by_that_of_its_line(
    lines: Lines, metrics: RequestMetrics
):
    lines.broken = BrokenPipeError()

    with pytest.raises(KeyError):
        fail(metrics)


def test_without_a_log_everything_goes_on_and_nothing_is_written(
    caplog: pytest.LogCaptureFixture,
):
    metrics = RequestMetrics()

    with metrics.of_request():
        metrics.add(GRANTS)
    metrics.add(LOGINS)

    assert caplog.records == []
