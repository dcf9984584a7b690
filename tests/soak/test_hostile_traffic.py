"""A broker that strangers have attacked for long is as it was before."""

import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final
from urllib.parse import urlsplit

import pytest

from benchmarks.memory import Memory, title_of
from tests.aws_caller import Person
from tests.processes import descendants
from tests.soak.endurance import holds_within
from tests.soak.hostile_requests import hostile_request
from tests.soak.reporting import Report
from tests.soak.scale import amount, source
from tests.stack import Stack, running_stack

SECONDS: Final = amount(3, 600)
STRANGERS: Final = 12
"""Enough to keep two processors busy."""
AWS_SERVICES: Final = 4
"""That the broker has a client of, each with connections of its own."""
_WARM_UP: Final = 1.0
"""Seconds, and as long is an answer waited for: the broker gives a body more time."""
_SETTLED: Final = 60.0
"""Seconds for what was waiting to end and for idle threads to be given back."""
_ANSWERED: Final = 30.0
"""Seconds in which each connection is answered or closed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the broker's process holds, as the kernel counts it."""

    megabytes: float
    threads: int
    descriptors: int
    """But for the connections to AWS."""
    connections_to_aws: int
    """Kept open by botocore for the next calls, as many as calls were made at once."""

    @classmethod
    def by(cls, pid: int, *, aws: int) -> "Held":
        process = Path(f"/proc/{pid}")
        files = []
        for file in (process / "fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed while they were listed
                files.append(str(file.readlink()))
        to_aws = connections_to(aws).intersection(files)
        return cls(
            megabytes=Memory.of(pid).rss,
            threads=len(list((process / "task").iterdir())),
            descriptors=len(files) - len(to_aws),
            connections_to_aws=len(to_aws),
        )


def connections_to(port: int) -> set[str]:
    """Give the sockets that are connected to ``port``, as /proc names them."""
    rows = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    fields = [row.split() for row in rows]
    return {
        f"socket:[{field[9]}]" for field in fields if field[2].endswith(f":{port:04X}")
    }


@final
@dataclass(slots=True)
class Traffic:
    """What came back, counted; and how long each honest request took."""

    answers: Counter[str] = field(default_factory=Counter)
    honest: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    counting: threading.Lock = field(default_factory=threading.Lock)

    def count(self, status: str, kind: str) -> None:
        with self.counting:
            self.answers[status] += 1
            if status.startswith("5") and status != "503":
                self.failures.append(f"{kind}: {status}")


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Stack]:
    with running_stack(tmp_path / "state") as stack:
        yield stack


def broker_of(stack: Stack) -> int:
    [pid] = [pid for pid in descendants(stack.process.pid) if title_of(pid) == "broker"]
    return pid


def send(
    address: tuple[str, int],
    sent: bytes,
    *,
    breaks_off: bool,
    patience: float = _ANSWERED,
) -> str:
    """Send it on a connection of its own; give the status, or how it ended.

    Raises ``TimeoutError`` after ``patience``, in seconds.
    """
    try:
        with socket.create_connection(address, timeout=patience) as connection:
            connection.sendall(sent)
            if breaks_off:
                return "broken off"
            answer = connection.recv(64)
            while connection.recv(65536):
                pass
    except (ConnectionError, BrokenPipeError):
        return "closed"
    return answer[9:12].decode() or "closed"


def warm_up(stack: Stack, bearer: str) -> None:
    """Attack for a while, and leave what is not answered in time."""
    with suppress(TimeoutError):
        attack(stack, bearer, _WARM_UP, Traffic(), patience=_WARM_UP)


def attack(
    stack: Stack,
    bearer: str,
    seconds: float,
    traffic: Traffic,
    *,
    patience: float = _ANSWERED,
) -> None:
    """Send what strangers send, from several sides, and honest requests between.

    Raises ``TimeoutError`` where one of the strangers waited for longer than that.
    """
    split = urlsplit(stack.broker)
    address = (split.hostname or "", split.port or 0)
    ends = time.monotonic() + seconds

    def stranger(number: int) -> None:
        chosen = source(number)
        while time.monotonic() < ends:
            hostile = hostile_request(chosen, bearer)
            status = send(
                address, hostile.sent, breaks_off=hostile.breaks_off, patience=patience
            )
            traffic.count(status, hostile.kind)

    def honest() -> None:
        asked = f"GET /healthz HTTP/1.1\r\nHost: {split.netloc}\r\nConnection: close"
        while time.monotonic() < ends:
            started = time.perf_counter()
            status = send(address, f"{asked}\r\n\r\n".encode(), breaks_off=False)
            traffic.honest.append(time.perf_counter() - started)
            assert status == "200"

    with ThreadPoolExecutor(STRANGERS + 1) as sides:
        asking = [sides.submit(stranger, number) for number in range(STRANGERS)]
        asking.append(sides.submit(honest))
        for side in asking:
            side.result()


def seconds_of_a_grant(person: Person) -> float:
    times = []
    for _ in range(20):
        started = time.perf_counter()
        person.grant("hello")
        times.append(time.perf_counter() - started)
    return statistics.median(times)


@pytest.mark.timeout(SECONDS + 240)
def test_a_broker_that_was_attacked_is_as_it_was(attacked: Stack, report: Report):
    stack = attacked
    alice = Person.log_in(stack.broker, "alice", stack.users["alice"])
    bearer, pid = f"Bearer {alice.token}", broker_of(stack)
    aws = urlsplit(stack.endpoint).port or 0
    warm_up(stack, bearer)
    took, before = seconds_of_a_grant(alice), Held.by(pid, aws=aws)
    traffic = Traffic()

    attack(stack, bearer, SECONDS, traffic)

    assert traffic.failures == []
    assert not [line for line in stack.log if "Traceback" in line]
    alice = Person.log_in(stack.broker, "alice", stack.users["alice"])

    def is_as_it_was() -> bool:
        again, after = seconds_of_a_grant(alice), Held.by(pid, aws=aws)
        return (
            again < 2 * took
            and after.megabytes < before.megabytes + 50
            and after.threads <= before.threads + 2
            and after.descriptors <= before.descriptors + 2
            and after.connections_to_aws <= AWS_SERVICES * (STRANGERS + 1)
        )

    assert holds_within(_SETTLED, is_as_it_was), (before, Held.by(pid, aws=aws))
    honest = sorted(traffic.honest)
    report(
        {
            "seconds of hostile traffic": SECONDS,
            **{f"  answered {status}": n for status, n in traffic.answers.items()},
            "honest /healthz meanwhile, ms p50": round(1000 * honest[len(honest) // 2]),
            "honest /healthz meanwhile, ms p99": round(
                1000 * honest[len(honest) * 99 // 100]
            ),
        }
    )
