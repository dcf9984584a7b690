"""``make bench``: run everything and print it."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.limited_logins import compare_limited_logins
from benchmarks.many_functions import compare_many_functions
from benchmarks.memory import Memory, of_bare_interpreter, title_of
from benchmarks.running import compare_all
from benchmarks.streams import compare_streams
from benchmarks.summaries import compare_summaries
from benchmarks.terminal import compare_commands
from benchmarks.wrong_passwords import compare_wrong_passwords
from tests.processes import descendants
from tests.stack import Stack, running_stack

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


def main() -> None:
    def show(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    show(machine())
    with tempfile.TemporaryDirectory() as folder:
        show(start_up(Path(folder)))
        with running_stack(Path(folder)) as stack:
            for line in compare_all(stack):
                show(line)
            for line in compare_wrong_passwords(stack):
                show(line)
            for line in compare_limited_logins(stack):
                show(line)
            for line in compare_streams(stack):
                show(line)
            for line in compare_commands(stack):
                show(line)
            for line in compare_summaries():
                show(line)
            for line in compare_many_functions():
                show(line)
            for line in memory(stack):
                show(line)
    show(machine())


if __name__ == "__main__":
    main()
