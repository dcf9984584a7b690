"""What many functions, many people and many grants change: it should be nothing.

``python -m benchmarks.steady_grants [GRANTS]``. In one process and in turn, through the
Lambda handler; the memory after every tenth of so many grants.
"""

import gc
import itertools
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.table import Cell, Table
from benchmarks.warm_grants import (
    Row,
    event,
    granted,
    nowhere,
    running_aws,
    tokens,
    variables,
)

ROUNDS: Final = 400
GRANTS: Final = 20_000
_FEW, _MANY = 10, 1_000
_MANY_PEOPLE: Final = 100_000
_DURATIONS: Final = range(900, 3600)

Handler = Callable[[dict[str, Any], None], dict[str, Any]]


def handlers(port: int) -> tuple[Handler, Handler]:
    """Make two brokers, of few functions and of many."""
    os.environ.update(variables(port, functions=_FEW))
    from app.asgi import build_app
    from app.http_api import handler_for
    from app.web.workers import SameThread

    few = handler_for(build_app(SameThread()))
    os.environ.update(variables(port, functions=_MANY))
    return few, handler_for(build_app(SameThread()))


def rows(few: Handler, many: Handler, people: Sequence[str]) -> list[Row]:
    turn = itertools.count()

    def ask(handler: Handler, *, people_count: int, function: str) -> None:
        number = next(turn)
        token = people[number % people_count]
        seconds = _DURATIONS[number % len(_DURATIONS)]
        granted(handler(event(token, seconds, function), None))

    a_few, all_of_them = 500, len(people)
    return [
        Row(
            name=f"of {_FEW} functions",
            run=lambda _: ask(few, people_count=a_few, function="f9"),
        ),
        Row(
            name=f"of {_MANY} functions",
            run=lambda _: ask(many, people_count=a_few, function="f999"),
        ),
        Row(
            name=f"of {all_of_them} people",
            run=lambda _: ask(few, people_count=all_of_them, function="f9"),
        ),
    ]


def table_of(measured: Sequence[Row]) -> Table:
    first = median(measured[0].wall)
    rows: list[dict[str, Cell]] = [
        {
            "": row.name,
            "p50 ms": median(row.wall) * 1000,
            "of the first": median(row.wall) / first,
        }
        for row in measured
    ]
    return Table(title="a grant of few and of many", rows=rows)


def memory_over(handler: Handler, grants: int) -> Table:
    """Give the resident memory, in megabytes, as grants of as many people go by."""
    rows: list[dict[str, Cell]] = []
    for tenth in range(1, 11):
        # Now, because a token is good for a quarter of an hour.
        for token in tokens(grants // 10, first=(tenth - 1) * grants // 10):
            granted(handler(event(token, 900, "f9"), None))
        gc.collect()
        rows.append({"": f"{tenth * grants // 10} grants", "MB": _resident()})
    return Table(title="resident memory after so many", rows=rows)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def compare_steady_grants(grants: int = GRANTS) -> Iterator[Table]:
    with running_aws() as port:
        few, many = handlers(port)
        people = tokens(_MANY_PEOPLE)
        measured = rows(few, many, people)
        for row in measured * 20:
            row.run(0)
        in_turn = random.Random(ROUNDS)  # noqa: S311 - to be the same every time
        for number in range(ROUNDS):
            for row in in_turn.sample(measured, len(measured)):
                row.measure(number)
        yield table_of(measured)
        yield memory_over(few, grants)


def main() -> None:
    grants = int(sys.argv[1]) if len(sys.argv) > 1 else GRANTS
    with nowhere() as output:
        for table in compare_steady_grants(grants):
            for line in table.lines():
                output.write(f"{line}\n")
            output.flush()


if __name__ == "__main__":
    main()
