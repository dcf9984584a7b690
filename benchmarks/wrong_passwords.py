"""A grant beside sixty clients that send wrong passwords, and the memory afterwards."""

import http.client
import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from urllib.parse import urlencode, urlsplit

from benchmarks.caller import Connection
from benchmarks.memory import Memory, title_of
from benchmarks.people import people
from tests.aws_caller import Person
from tests.processes import descendants
from tests.stack import Stack

CLIENTS = 60
_ROUNDS = 4
_GRANTS_IN_A_ROUND = 25


def compare_wrong_passwords(stack: Stack) -> Iterator[str]:
    """One line for the time of a grant, one for the memory of the broker."""
    callers = people(stack)
    connection = Connection(stack.broker)
    grants(connection, next(callers))
    before = _memory(stack)
    quiet: list[float] = []
    beside: list[float] = []
    for _ in range(_ROUNDS):
        quiet += grants(connection, next(callers))
        with _guessing(stack.broker):
            beside += grants(connection, next(callers))
    ratio = median(beside) / median(quiet)
    name = f"grant beside {CLIENTS} wrong passwords"
    yield (
        f"{name:34} {median(beside) * 1000:8.2f} ms"
        f"   {ratio:5.1f} x the same when quiet ({median(quiet) * 1000:.2f} ms), "
        f"{len(beside)} rounds, longest {max(beside) * 1000:.0f} ms"
    )
    after = _memory(stack)
    yield (
        f"{'memory of the broker afterwards':34} {after:8.0f} MB   "
        f"{after / before:5.1f} x before ({before:.0f} MB)"
    )


def grants(connection: Connection, person: Person) -> list[float]:
    """Ask for some and give the seconds that each took."""
    return [_seconds_of_a_grant(connection, person) for _ in range(_GRANTS_IN_A_ROUND)]


def _seconds_of_a_grant(connection: Connection, person: Person) -> float:
    headers = {
        "Authorization": f"Bearer {person.token}",
        "Content-Type": "application/json",
    }
    started = perf_counter()
    connection.post("/grant", b'{"FunctionName": "hello"}', headers)
    return perf_counter() - started


def _memory(stack: Stack) -> float:
    """Megabytes that are in use of the broker's process."""
    for pid in descendants(stack.process.pid):
        if title_of(pid) == "broker":
            return Memory.of(pid).rss
    raise SystemExit("The stack runs no broker.")


@contextmanager
def _guessing(broker: str) -> Iterator[None]:
    """Send wrong passwords from a process of its own, in the meantime."""
    command = [sys.executable, "-m", "benchmarks.wrong_passwords", broker]
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        next(iter(process.stdout or ()))
        try:
            yield
        finally:
            process.communicate(b"\n")


def _guess(broker: str, number: int, ended: threading.Event) -> None:
    # From an address of its own and of another name each time: what is limited would
    # cost no password check.
    source = (f"127.0.1.{number + 1}", 0)
    connection = http.client.HTTPConnection(
        urlsplit(broker).netloc, timeout=60, source_address=source
    )
    for attempt in itertools.count():
        if ended.is_set():
            return
        name = f"nobody-{number}-{attempt}"
        form = urlencode({"username": name, "password": "not the password"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/auth/login", form, headers)
        connection.getresponse().read()


def _guess_until_told() -> None:
    ended = threading.Event()
    guessing = [
        threading.Thread(target=_guess, args=(sys.argv[1], number, ended))
        for number in range(CLIENTS)
    ]
    for client in guessing:
        client.start()
    sys.stdout.write("started\n")
    sys.stdout.flush()
    sys.stdin.readline()
    ended.set()
    for client in guessing:
        client.join()


if __name__ == "__main__":
    _guess_until_told()
