"""A grant while twenty sources send forty wrong logins a second, and are limited."""

import http.client
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import urlencode, urlsplit

from benchmarks.caller import Connection
from benchmarks.people import people
from benchmarks.wrong_passwords import grants
from tests.aws_caller import Person
from tests.stack import Stack, running_stack

SOURCES: Final = 20
EACH_PER_SECOND: Final = 2
PROMISED: Final = 1.5
"""The most that a median may grow once the limits answer."""

_ROUNDS: Final = 4
_BATCHES: Final = 4
"""Of grants in a round, so that it lasts long enough to meet some logins."""


def compare_limited_logins(stack: Stack) -> Iterator[str]:
    callers = people(stack)
    _grants(stack.broker, callers, batches=1)
    quiet: list[float] = []
    beside: list[float] = []
    answers: Counter[str] = Counter()
    for _ in range(_ROUNDS):
        quiet += _grants(stack.broker, callers, batches=_BATCHES)
        with _guessing(stack.broker, answers):
            beside += _grants(stack.broker, callers, batches=_BATCHES)
    ratio = median(beside) / median(quiet)
    rate = SOURCES * EACH_PER_SECOND
    yield (
        f"{f'grant beside {rate} limited logins/s':34} {median(beside) * 1000:8.2f} ms"
        f"   {ratio:5.2f} x the same when quiet ({median(quiet) * 1000:.2f} ms), "
        f"{len(beside)} rounds, promised {PROMISED} x; meanwhile "
        + ", ".join(f"{n} answered {status}" for status, n in sorted(answers.items()))
    )


def _grants(broker: str, callers: Iterator[Person], *, batches: int) -> list[float]:
    # On a new connection: the broker ends one that is idle while the sources begin.
    connection = Connection(broker)
    seconds = [
        took for _ in range(batches) for took in grants(connection, next(callers))
    ]
    connection.close()
    return seconds


@contextmanager
def _guessing(broker: str, answers: Counter[str]) -> Iterator[None]:
    """Send them from a process of its own, and begin once each source is limited."""
    command = [sys.executable, "-m", "benchmarks.limited_logins", broker]
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        next(iter(process.stdout or ()))
        try:
            yield
        finally:
            said, _ = process.communicate("\n")
            for line in said.splitlines():
                status, number = line.split()
                answers[status] += int(number)


class _Source:
    """One address that guesses at alice's password, twice a second."""

    def __init__(self, broker: str, number: int) -> None:
        self._connection = http.client.HTTPConnection(
            urlsplit(broker).netloc,
            timeout=60,
            # Loopback has sixteen million addresses, on Linux without being asked.
            source_address=(f"127.0.2.{number + 1}", 0),
        )
        self.is_limited = threading.Event()
        self.answers: Counter[str] = Counter()

    def guess_until(self, ended: threading.Event) -> None:
        next_at = time.monotonic()
        while not ended.is_set():
            status = self._guess()
            self.answers[str(status)] += 1
            if status == http.client.TOO_MANY_REQUESTS:
                self.is_limited.set()
            next_at += 1 / EACH_PER_SECOND
            ended.wait(next_at - time.monotonic())

    def _guess(self) -> int:
        form = urlencode({"username": "alice", "password": "not the password"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/auth/login", form, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def _guess_until_told(broker: str) -> None:
    ended = threading.Event()
    sources = [_Source(broker, number) for number in range(SOURCES)]
    threads = [
        threading.Thread(target=source.guess_until, args=(ended,)) for source in sources
    ]
    for thread in threads:
        thread.start()
        # Evenly, and not all of them at once twice a second.
        time.sleep(1 / EACH_PER_SECOND / SOURCES)
    for source in sources:
        source.is_limited.wait()
        source.answers.clear()
    sys.stdout.write("limited\n")
    sys.stdout.flush()
    sys.stdin.readline()
    ended.set()
    for thread in threads:
        thread.join()
    for status, number in sum((s.answers for s in sources), Counter[str]()).items():
        sys.stdout.write(f"{status} {number}\n")


def main() -> None:
    if sys.argv[1:]:
        _guess_until_told(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder)) as stack:
        for line in compare_limited_logins(stack):
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
