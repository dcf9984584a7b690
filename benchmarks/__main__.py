"""``make bench``: run everything and print it."""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.concurrent_grants import compare_concurrent_grants
from benchmarks.limited_logins import compare_limited_logins
from benchmarks.many_functions import compare_many_functions
from benchmarks.memory import Memory, of_bare_interpreter, title_of
from benchmarks.process_start import compare_starts
from benchmarks.running import compare_all
from benchmarks.snapshot_start import compare_snapshot_start
from benchmarks.steady_grants import compare_steady_grants
from benchmarks.streams import compare_streams
from benchmarks.summaries import compare_summaries
from benchmarks.table import Table
from benchmarks.terminal import compare_commands
from benchmarks.token_verification import compare_token_verification
from benchmarks.warm_grants import compare_warm_grants, nowhere
from benchmarks.wrong_passwords import compare_wrong_passwords
from tests.processes import descendants
from tests.stack import ROOT, Stack, running_stack

RESULTS: Final = ROOT / ".local" / "bench.json"
_STARTS = 5
_LIBRARIES = "import boto3, fastapi, moto.dynamodb, moto.secretsmanager, samtranslator"


def machine() -> str:
    load = ", ".join(f"{average:.2f}" for average in os.getloadavg())
    return (
        f"Load {load} (1, 5, 15 minutes) on {os.cpu_count()} processors,"
        f" {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def start_up(state: Path) -> str:
    starts = [_seconds_to_start(state) for _ in range(_STARTS)]
    imports = [_seconds_to_import() for _ in range(_STARTS)]
    took, bare = statistics.median(starts), statistics.median(imports)
    return (
        f"{'start, until all answers':34} {took:8.2f} s    {took / bare:5.1f} x "
        f"importing the same libraries ({bare:.2f} s), {_STARTS} rounds"
    )


def _seconds_to_start(state: Path) -> float:
    started = time.perf_counter()
    with running_stack(state):
        return time.perf_counter() - started


def _seconds_to_import() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", _LIBRARIES], check=True)  # noqa: S603 - this very interpreter
    return time.perf_counter() - started


def memory(stack: Stack) -> Iterator[str]:
    """One line for each process."""
    root, bare = stack.process.pid, of_bare_interpreter()
    yield f"{'memory, MB':34} {'RSS':>8} {'PSS':>8}"
    total = 0.0
    for pid in (root, *sorted(descendants(root))):
        held = Memory.of(pid)
        total += held.pss
        yield f"  {title_of(pid):32} {held.rss:8.0f} {held.pss:8.0f}"
    yield (
        f"  {'together':32} {'':8} {total:8.0f}   {total / bare.pss:5.1f} x "
        f"a bare interpreter ({bare.pss:.0f} MB)"
    )


def speed() -> Iterator[Table]:
    """Measure the broker beside the references of ``tests/baselines``."""
    with nowhere():
        warm, steady = compare_warm_grants(), list(compare_steady_grants())
    yield warm
    yield compare_token_verification()
    yield compare_concurrent_grants()
    yield compare_starts()
    yield compare_snapshot_start()
    yield from steady


def stack_lines(folder: Path) -> Iterator[str]:
    """Measure a whole stack on loopback, beside something bare."""
    yield start_up(folder)
    with running_stack(folder) as stack:
        yield from compare_all(stack)
        yield from compare_wrong_passwords(stack)
        yield from compare_limited_logins(stack)
        yield from compare_streams(stack)
        yield from compare_commands(stack)
        yield from compare_summaries()
        yield from compare_many_functions()
        yield from memory(stack)


def main() -> None:
    def show(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    show(machine())
    tables = []
    for table in speed():
        tables.append(table)
        for line in table.lines():
            show(line)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([table.to_json() for table in tables], indent=1))
    show(f"The tables above are in {RESULTS.relative_to(ROOT)} as well.")
    with tempfile.TemporaryDirectory() as folder:
        for line in stack_lines(Path(folder)):
            show(line)
    show(machine())


if __name__ == "__main__":
    main()
