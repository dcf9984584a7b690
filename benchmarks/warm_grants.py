"""A warm grant through the Lambda handler, beside what it cannot do without.

``python -m benchmarks.warm_grants``. Everything runs in one process and in turn,
against one AWS on loopback that answers at once: ``tests/baselines``.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final, TextIO

from benchmarks.table import Cell, Table
from tests.baselines import canned_aws
from tests.http_api_events import http_api_event

ROUNDS: Final = 400
REFERENCES: Final = ("both bare calls", "one read", "plainest handler")
_PEOPLE: Final = 100
_WARM_UP: Final = 20


@dataclass(kw_only=True)
class Row:
    """What is measured; ``wall`` and ``cpu`` are seconds of each round."""

    name: str
    run: Callable[[int], object]
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def measure(self, number: int) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        self.run(number)
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)


def variables(port: int, functions: int) -> dict[str, str]:
    """Give the environment of a broker whose AWS answers at ``port``."""
    return {
        "AWS_REGION": canned_aws.REGION,
        "AWS_DEFAULT_REGION": canned_aws.REGION,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "an-example",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AIKAGI_USERS_TABLE": canned_aws.TABLE,
        "AIKAGI_SIGNING_SECRET_ARN": "a-secret",
        "AIKAGI_INVOKE_ROLE_ARN": canned_aws.ROLE,
        "AIKAGI_CATALOGUE_PATH": f"{canned_aws.FUNCTIONS}-{functions}",
        "AIKAGI_ISSUERS_PATH": "/aikagi/speed/issuers",
        "AIKAGI_LOG_LEVEL": "WARNING",
        "AIKAGI_METRICS_NAMESPACE": "Aikagi/speed",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    }


@contextmanager
def running_aws(seconds: float = 0.0) -> Iterator[int]:
    """Start it, give its port, and end it."""
    command = [sys.executable, "-m", "tests.baselines.canned_aws", str(seconds)]
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield int(process.stdout.readline() if process.stdout else 0)
        process.terminate()


def tokens(count: int, *, first: int = 0) -> Sequence[str]:
    """Mint access tokens of so many people, from ``first`` on, by the broker's key."""
    from datetime import UTC, datetime, timedelta

    from app.domain.identity import Bearer, Identity
    from app.main import app

    now = datetime.now(UTC)
    return [
        app.state.broker.tokens.mint(
            Bearer(
                identity=Identity(issuer="local", subject=f"user-{number}"),
                login_id="a" * 32,
                issued_at=now,
                login_ends_at=now + timedelta(hours=12),
            )
        ).text
        for number in range(first, first + count)
    ]


def event(token: str, seconds: int, function: str = "f0") -> dict[str, Any]:
    body = json.dumps({"FunctionName": function, "DurationSeconds": seconds}).encode()
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
    }
    return http_api_event("POST", "/grant", headers=headers, body=body)


def granted(answer: dict[str, Any]) -> None:
    """Refuse to measure what was refused."""
    if answer["statusCode"] != HTTPStatus.OK or "SessionToken" not in answer["body"]:
        raise RuntimeError(answer["body"])


def rows() -> list[Row]:
    from app.lambda_handler import handler
    from tests.baselines import naive_broker, plainest_handler
    from tests.baselines.bare_calls import BareCalls

    bare, people = BareCalls(), tokens(_PEOPLE)

    def both(_: int) -> None:
        bare.read_user()
        bare.assume_role()

    def ours(number: int) -> None:
        token = people[number % _PEOPLE]
        # Another duration is another session: none is reused.
        granted(handler(event(token, 900 + number // _PEOPLE), None))

    def reused(number: int) -> None:
        granted(handler(event(people[number % 10], 3600), None))

    def naive(number: int) -> None:
        token = people[number % _PEOPLE]
        # Mangum's type of the context is not what Lambda's is.
        context: Any = None
        granted(naive_broker.handler(event(token, 900), context))

    health = http_api_event("GET", "/healthz")
    return [
        Row(name="one read", run=lambda _: bare.read_user()),
        Row(name="both bare calls", run=both),
        Row(
            name="plainest handler",
            run=lambda _: granted(plainest_handler.handler({}, None)),
        ),
        Row(name="naive broker", run=naive),
        Row(name="grant", run=ours),
        Row(name="grant, reused", run=reused),
        Row(name="healthz", run=lambda _: handler(health, None)),
    ]


def table_of(measured: Sequence[Row]) -> Table:
    """Give medians in milliseconds, and their ratios to the references."""
    base = {row.name: median(row.wall) for row in measured}
    rows: list[dict[str, Cell]] = []
    for row in measured:
        first, _, third = quantiles(row.wall, n=4)
        rows.append(
            {
                "": row.name,
                "p50 ms": base[row.name] * 1000,
                "p99 ms": quantiles(row.wall, n=100)[98] * 1000,
                "spread": (third - first) / base[row.name],
                "CPU ms": median(row.cpu) * 1000,
                **{
                    f"of {reference}": base[row.name] / base[reference]
                    for reference in REFERENCES
                },
            }
        )
    return Table(title="a warm grant through the Lambda handler", rows=rows)


@contextmanager
def nowhere() -> Iterator[TextIO]:
    """Send what is audited nowhere, and give what is standard output otherwise."""
    with os.fdopen(os.dup(1), "w") as output, Path(os.devnull).open("w") as null:
        os.dup2(null.fileno(), 1)
        try:
            yield output
        finally:
            # What is audited stands in a buffer of Python's until it is written.
            sys.stdout.flush()
            output.flush()
            os.dup2(output.fileno(), 1)


def compare_warm_grants(rounds: int = ROUNDS) -> Table:
    with running_aws() as port:
        os.environ.update(variables(port, functions=10))
        measured = rows()
        for number in range(_WARM_UP):
            for row in measured:
                row.run(10**5 + number)
        in_turn = random.Random(rounds)  # noqa: S311 - to be the same every time
        for number in range(rounds):
            # What comes before leaves caches and garbage to what comes after.
            for row in in_turn.sample(measured, len(measured)):
                row.measure(number)
    return table_of(measured)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with nowhere() as output:
        for line in compare_warm_grants(rounds).lines():
            output.write(f"{line}\n")


if __name__ == "__main__":
    main()
