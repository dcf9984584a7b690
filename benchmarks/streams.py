"""From a task's ``yield`` to its reader, beside a server that does nothing else."""

import json
import statistics
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from typing import Final, final
from urllib.parse import urlsplit

from benchmarks.measure import Comparison
from benchmarks.serving import serving
from tests.aws_caller import Person, sign
from tests.stack import Stack

_ROUNDS: Final = 300
_EVENTS: Final = 100_000
_BARE: Final = "a bare server"

_CONTEXT: Final = {
    "authorizer": None,
    "http": {"method": "POST", "path": "/"},
    "requestId": "00000000-0000-4000-8000-000000000000",
}
_FROM_THE_ADAPTER: Final = {"x-amzn-request-context": json.dumps(_CONTEXT)}


def compare_streams(stack: Stack) -> Iterator[str]:
    with (
        serving("benchmarks.talkative:app") as events,
        serving("benchmarks.talkative:bare") as bytes_alone,
    ):
        task, bare = _Reader(events, _FROM_THE_ADAPTER), _Reader(bytes_alone, {})
        pairs = [(task.delay(), bare.delay()) for _ in range(_ROUNDS)]
        yield str(
            Comparison(
                name="from yield to its reader",
                took=statistics.median(first for first, _ in pairs),
                against=_BARE,
                bare=statistics.median(second for _, second in pairs),
                rounds=_ROUNDS,
            )
        )
        yield f"events of one task                {task.events_per_second():8.0f} /s"
        yield str(first_event_through_a_url(stack, bare))


def first_event_through_a_url(stack: Stack, bare: "_Reader") -> Comparison:
    bob = Person.log_in(stack.broker, "bob", stack.users["bob"])
    call = sign(bob.grant("summarise"), body=b"One. Two.", content_type="text/plain")
    summarise = _Reader(call.url, call.headers)
    return Comparison.of(
        "first event of summarise, warm",
        lambda: summarise.first_line(call.body),
        _BARE,
        bare.first_line,
        rounds=_ROUNDS,
    )


@final
class _Reader:
    """One connection, kept alive."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc)
        self._headers = dict(headers)

    def delay(self) -> float:
        """Seconds from a moment that the answer names until it is read."""
        line = self.first_line()
        read = time.monotonic_ns()
        return (read - int(json.loads(line)["text"])) / 1e9

    def first_line(self, body: bytes = b"") -> bytes:
        self._connection.request("POST", "/", body, self._headers)
        answer = self._connection.getresponse()
        line = answer.readline()
        answer.read()
        return line

    def events_per_second(self) -> float:
        self._connection.request("POST", "/", str(_EVENTS).encode(), self._headers)
        started = time.perf_counter()
        lines = self._connection.getresponse().read().count(b"\n")
        return lines / (time.perf_counter() - started)
