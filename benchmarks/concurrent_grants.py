"""Grants of one process under uvicorn, for 1, 16 and 128 callers at once.

``python -m benchmarks.concurrent_grants``. STS answers at once, or as slowly as it does
from far away. Every caller is another person, and asks for another session each time.
Each has turns of some seconds, one after the other: whatever else the machine does
meets them all.
"""

import asyncio
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from benchmarks.table import Cell, Table
from benchmarks.warm_grants import running_aws, tokens, variables

SECONDS: Final = 2.0
ROUNDS: Final = 4
CALLERS: Final = (1, 16, 128)
STS_SECONDS: Final = (0.0, 0.005, 0.05)
_PEOPLE: Final = 2000
_DURATIONS: Final = range(900, 3600)


@dataclass(kw_only=True)
class Load:
    """What came of some callers in all their turns; seconds of each answer.

    ``cpu`` are the seconds of a processor that the broker took for all of them.
    """

    callers: int
    took: float = 0.0
    cpu: float = 0.0
    seconds: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.took

    @property
    def per_processor_second(self) -> float:
        """Give how many a processor answers that does nothing else.

        It is nearly the same however busy the machine is with other things.
        """
        return len(self.seconds) / self.cpu

    @property
    def p99(self) -> float:
        return quantiles(self.seconds, n=100)[98]


@dataclass(frozen=True, kw_only=True)
class RunningBroker:
    """``turn`` counts its grants, so that none is asked for twice, to be reused."""

    port: int
    pid: int
    turn: Iterator[int] = field(default_factory=itertools.count)

    @property
    def cpu(self) -> float:
        """Give the seconds of a processor that it has taken: proc_pid_stat(5)."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running_broker(aws: int) -> Iterator[RunningBroker]:
    """Start one process of it, and end it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = int(listening.getsockname()[1])
    command = [
        *(sys.executable, "-m", "uvicorn", "app.main:app", "--no-proxy-headers"),
        *("--port", str(port), "--log-level", "warning", "--no-access-log"),
    ]
    environment = {**os.environ, **variables(aws, functions=10)}
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield RunningBroker(port=port, pid=process.pid)
        process.terminate()


class _Caller:
    """One connection that stays."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._port
        )

    async def ask(self, request: bytes) -> tuple[float, bytes]:
        """Give the seconds until the whole answer, and its first line."""
        began = time.perf_counter()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await self._reader.readexactly(int(length))
        return time.perf_counter() - began, head.partition(b"\r\n")[0]

    def close(self) -> None:
        self._writer.close()


def grant_request(token: str, seconds: int) -> bytes:
    body = json.dumps({"FunctionName": "f0", "DurationSeconds": seconds}).encode()
    head = (
        f"POST /grant HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(broker: RunningBroker, people: Sequence[str], asked: Load) -> None:
    """Let them call for a while, beside somebody who asks whether it is alive."""
    ends = time.perf_counter() + SECONDS

    async def call() -> None:
        caller = _Caller(broker.port)
        await caller.connect()
        while time.perf_counter() < ends:
            number = next(broker.turn)
            seconds = _DURATIONS[number // len(people)]
            request = grant_request(people[number % len(people)], seconds)
            took, status = await caller.ask(request)
            asked.seconds.append(took)
            if status != b"HTTP/1.1 200 OK":
                asked.refused.append(status.decode())
        caller.close()

    async def look() -> None:
        caller = _Caller(broker.port)
        await caller.connect()
        while time.perf_counter() < ends:
            request = b"GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n"
            asked.health.append((await caller.ask(request))[0])
            await asyncio.sleep(0.05)
        caller.close()

    began, cpu = time.perf_counter(), broker.cpu
    await asyncio.gather(look(), *(call() for _ in range(asked.callers)))
    asked.took += time.perf_counter() - began
    asked.cpu += broker.cpu - cpu


@contextmanager
def running_brokers() -> Iterator[Mapping[float, RunningBroker]]:
    """Start one for each STS, by the seconds that it takes."""
    with ExitStack() as stack:
        brokers = {}
        for seconds in STS_SECONDS:
            aws = stack.enter_context(running_aws(seconds))
            brokers[seconds] = stack.enter_context(running_broker(aws))
            os.environ.update(variables(aws, functions=10))
        yield brokers


def measure_loads() -> Mapping[tuple[float, int], Load]:
    loads = {
        (seconds, callers): Load(callers=callers)
        for seconds in STS_SECONDS
        for callers in CALLERS
    }
    with running_brokers() as brokers:
        people = tokens(_PEOPLE)
        for broker in brokers.values():
            asyncio.run(load(broker, people, Load(callers=4)))
        for _ in range(ROUNDS):
            for (seconds, _), asked in loads.items():
                asyncio.run(load(brokers[seconds], people, asked))
    return loads


def compare_concurrent_grants() -> Table:
    loads = measure_loads()
    reference = loads[0.0, 16].per_second
    rows: list[dict[str, Cell]] = []
    for (seconds, callers), found in loads.items():
        half = median(found.seconds)
        rows.append(
            {
                "": f"STS in {seconds * 1000:.0f} ms, {callers} callers",
                "grants/s": found.per_second,
                "of a processor": found.per_processor_second,
                "of 16 at once": found.per_second / reference,
                "p50 ms": half * 1000,
                "p99 ms": found.p99 * 1000,
                "p99/p50": found.p99 / half,
                "healthz p50 ms": median(found.health) * 1000,
                "refused": len(found.refused),
            }
        )
    return Table(title="one process under uvicorn", rows=rows)


def main() -> None:
    for line in compare_concurrent_grants().lines():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
