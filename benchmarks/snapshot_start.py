"""The first request after the hooks of SnapStart, beside a warm one.

``python -m benchmarks.snapshot_start``. Each round is a new process that goes through
both hooks as Lambda's runtime calls them. What Lambda does between them, storing and
restoring the process, is not in the figures.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import Final

from benchmarks.table import Cell, Table
from benchmarks.warm_grants import event, granted, running_aws, tokens, variables

ROUNDS: Final = 9
_WARM: Final = range(901, 1001)


def _environment(port: int) -> dict[str, str]:
    """Give that of a process that SnapStart starts: its credentials are fetched."""
    found = {**os.environ, **variables(port, functions=10)}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        found.pop(name, None)
    return {
        **found,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{port}/credentials",
    }


def _restored_process() -> None:
    """Go through the hooks, and measure the first grant and those that follow."""
    from awslambdaric import lambda_runtime_hooks_runner as runner

    from app.lambda_handler import handler

    def grant(seconds: int) -> float:
        asked = event(token, seconds)
        started = time.perf_counter()
        answer = handler(asked, None)
        took = time.perf_counter() - started
        granted(answer)
        return took

    runner.run_before_snapshot()  # type: ignore[no-untyped-call] # theirs has no types
    started = time.perf_counter()
    runner.run_after_restore()  # type: ignore[no-untyped-call] # theirs has no types
    restored = time.perf_counter() - started
    token = os.environ["TOKEN"]
    first = grant(900)
    warm = median(map(grant, _WARM))
    measured = {"restore": restored, "first": first, "warm": warm}
    sys.stderr.write(f"{json.dumps(measured)}\n")


def _measure(environment: Mapping[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.snapshot_start", "restored"]
    process = subprocess.run(  # noqa: S603 - this very interpreter
        command, env=environment, check=True, text=True, capture_output=True
    )
    found: dict[str, float] = json.loads(process.stderr.splitlines()[-1])
    return found


def compare_snapshot_start(rounds: int = ROUNDS) -> Table:
    with running_aws() as port:
        os.environ.update(variables(port, functions=10))
        environment = {**_environment(port), "TOKEN": tokens(1)[0]}
        measured = [_measure(environment) for _ in range(rounds)]
    rows: list[dict[str, Cell]] = [
        {
            "": title,
            "p50 ms": median(found[name] for found in measured) * 1000,
            "of a warm one": median(found[name] / found["warm"] for found in measured),
        }
        for title, name in [
            ("the hook after a restore", "restore"),
            ("first request after it", "first"),
            ("warm request", "warm"),
        ]
    ]
    return Table(title="after SnapStart's hooks", rows=rows)


def main() -> None:
    if sys.argv[1:] == ["restored"]:
        _restored_process()
        return
    for line in compare_snapshot_start().lines():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
