"""Measure how the work of a parser grows with its input.

A list is a sequence of ``Case`` in a module named ``test_*growth.py``:

    CASES: list[Case[Any]] = [
        Case("a token of dots", repeated("."), verify, refusal=(Refused,)),
    ]

    @pytest.mark.parametrize("case", as_parameters(CASES))
    def test_work_grows_linearly(case: Case[Any], record_property: Record):
        assert_linear(case, record_property)

``python -m tests.growth`` runs all lists, or those that its arguments name, and prints
a table.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Generic, TypeAlias, TypeVar, final

import pytest
from typing_extensions import override

T = TypeVar("T")

Record: TypeAlias = Callable[[str, object], None]
"""pytest's ``record_property``."""

FACTOR: Final = 8
LIMIT: Final = 16
"""Between ``FACTOR``, which linear work comes to, and its square.

Where other machines use the same caches, linear work that fits into them no more has
come to 12.5. Work that grows with the power 1.5 comes to 22.6.
"""

_LEAST: Final = 0.001
"""Seconds that the smaller input has to cost, so that the clock can tell."""
_ATTEMPTS: Final = 8
_DOUBTFUL: Final = 32
"""Up to this ratio noise may be what is above ``LIMIT``: squares come to 64."""
_ATTEMPTS_IN_DOUBT: Final = 60
_PROPERTY: Final = "growth"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What one run costs, in seconds, with an input of ``size`` and of 8 x ``size``."""

    name: str
    size: int
    small: float
    large: float

    @property
    def ratio(self) -> float:
        return self.large / self.small

    @override
    def __str__(self) -> str:
        return (
            f"{self.name}: {self.ratio:.1f} times the work for {FACTOR} times the input"
            f" ({self.size} in {self.small * 1000:.3f} ms,"
            f" {self.size * FACTOR} in {self.large * 1000:.3f} ms)"
        )


@final
@dataclass(frozen=True, slots=True)
class Case(Generic[T]):
    """A function and the input that costs it most.

    ``make`` is given a size and returns an input of about as many bytes, characters or
    members. ``run`` must be able to use the same input again. ``largest`` is the size
    of the largest input that is worth measuring: where longer ones are refused, the
    longest that is not. ``smallest`` is the first that is: where each member costs much
    by itself, fewer would hide what grows. ``refusal`` holds what ``run`` may raise.
    """

    name: str
    make: Callable[[int], T]
    run: Callable[[T], object]
    largest: int = 131_072
    refusal: tuple[type[Exception], ...] = ()
    smallest: int = 16

    def cost(self) -> Callable[[int, int], float]:
        """Return what ``measure`` wants to know, by the CPU time of this process."""
        make = cache(self.make)

        def cost(size: int, times: int) -> float:
            given = make(size)
            kept = []
            with _no_collection():
                began = time.process_time()
                for _ in range(times):
                    with suppress(*self.refusal):
                        kept.append(self.run(given))
                return time.process_time() - began

        return cost


def repeated(piece: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """Return a ``make`` that fills texts of the wanted size with ``piece``."""

    def make(size: int) -> str:
        times = (size - len(before) - len(after)) // len(piece)
        return before + piece * max(1, times) + after

    return make


def measure(
    name: str, cost: Callable[[int, int], float], largest: int, smallest: int = 16
) -> Growth:
    """Measure work of which ``cost`` gives the seconds for a size and a repetition.

    Inputs grow from ``smallest`` until they cost enough, or the larger is ``largest``;
    from there on the runs are repeated. The smaller input is run ``FACTOR`` times as
    often, so that both take as much memory, which has a price of its own. Both are
    measured in turns, and the best of each counts, for noise only ever adds. A ratio
    above ``LIMIT`` is measured again, a few times, and many times where it is not
    clear: another process may fill the caches for a second. The smaller is measured
    twice for each time of the larger: noise in it alone could hide what grows too fast.
    """
    size, times = _size_and_times(cost, largest, smallest)
    small, large = [], []
    for attempt in range(_ATTEMPTS_IN_DOUBT):
        small.append(cost(size, times * FACTOR) / times / FACTOR)
        large.append(cost(size * FACTOR, times) / times)
        small.append(cost(size, times * FACTOR) / times / FACTOR)
        found = Growth(name=name, size=size, small=min(small), large=min(large))
        if found.ratio < LIMIT or (attempt >= _ATTEMPTS and found.ratio > _DOUBTFUL):
            break
    return found


def _size_and_times(
    cost: Callable[[int, int], float], largest: int, smallest: int
) -> tuple[int, int]:
    most = max(1, largest // FACTOR)
    size, times = min(smallest, most), 1
    cost(size, times)  # the first of all runs may import and fill caches
    while (seconds := cost(size, times)) < _LEAST:
        if size < most:
            size = min(2 * size, most)
        else:
            times *= min(FACTOR, int(_LEAST / max(seconds, _LEAST / FACTOR)) + 1)
    return size, times


def assert_linear(case: Case[Any], record: Record) -> None:
    growth = measure(case.name, case.cost(), case.largest, case.smallest)
    check(growth, record)


def check(growth: Growth, record: Record) -> None:
    record(_PROPERTY, str(growth))
    assert growth.ratio < LIMIT, str(growth)


def as_parameters(cases: Iterable[Case[Any]]) -> list[Any]:
    """Return them for ``pytest.mark.parametrize``."""
    return [pytest.param(case, id=case.name) for case in cases]


@contextmanager
def _no_collection() -> Iterator[None]:
    """A collection costs what the whole process holds, not what this input is."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@final
class _Table:
    """Prints what the tests recorded, whether they passed or failed."""

    def __init__(self) -> None:
        self._rows: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            rows = [row for name, row in report.user_properties if name == _PROPERTY]
            self._rows += map(str, rows)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        terminalreporter.section("growth")
        for row in self._rows:
            terminalreporter.write_line(row)


def main(paths: Sequence[str]) -> int:
    tests = Path(__file__).parent
    lists = paths or sorted(map(str, tests.rglob("test_*growth.py")))
    return pytest.main(["-q", *lists], plugins=[_Table()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
