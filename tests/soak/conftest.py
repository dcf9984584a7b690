"""Counts of a long run, reported at its end."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest

from tests.soak.client_table import markdown
from tests.soak.reporting import Report
from tests.soak.scale import SEED, TIMES

_COUNTED = "soak"


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """Tell the reader of a long run what was tried, and how often."""

    def record(counts: Mapping[str, int]) -> None:
        record_property(_COUNTED, json.dumps(counts))

    return record


def pytest_report_header() -> str | None:
    return f"soak: AIKAGI_SEED={SEED} AIKAGI_SOAK={TIMES:g}" if TIMES else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not TIMES:
        return
    reports = terminalreporter.stats.get("passed", [])
    properties = [pair for report in reports for pair in report.user_properties]
    terminalreporter.section(f"soak, AIKAGI_SEED={SEED} AIKAGI_SOAK={TIMES:g}")
    counted = [json.loads(str(value)) for name, value in properties if name == _COUNTED]
    for line in totals(counted):
        terminalreporter.line(line)
    tried = [
        json.loads(str(value)) for name, value in properties if name == "soak-client"
    ]
    for line in markdown(dict(tried)) if tried else ():
        terminalreporter.line(line)


def totals(counted: Iterable[Mapping[str, int]]) -> Iterator[str]:
    """One line for each thing counted, whatever number of tests counted it."""
    total: Counter[str] = Counter()
    for counts in counted:
        total.update(counts)
    for name, number in total.items():
        yield f"{number:>9,}  {name}"
