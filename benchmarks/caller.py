"""Somebody who keeps a connection open and has signed before the clock starts."""

import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, final
from urllib.parse import urlsplit

from tests.aws_caller import Signed


@final
class Connection:
    """One connection, kept alive. ``status`` other than 200 ends the run."""

    def __init__(self, origin: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(origin).netloc)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        self._connection.request("POST", path, body, dict(headers))
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(f"{path} answered {answer.status}: {text.decode()}")
        return json.loads(text)

    def send(self, call: Signed) -> object:
        return self.post(urlsplit(call.url).path, call.body, call.headers)

    def close(self) -> None:
        self._connection.close()


def per_second(calls: Iterable[Signed], *, at_once: int) -> float:
    """Calls answered in a second on ``at_once`` connections."""
    waiting = list(calls)
    shares = [iter(waiting[number::at_once]) for number in range(at_once)]
    with ThreadPoolExecutor(at_once) as workers:
        started = perf_counter()
        list(workers.map(_send_all, shares))
        return len(waiting) / (perf_counter() - started)


def _send_all(calls: Iterator[Signed]) -> None:
    first = next(calls)
    connection = Connection(first.url)
    connection.send(first)
    for call in calls:
        connection.send(call)
    connection.close()
