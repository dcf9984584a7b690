"""A real client, a real server, a real web process."""

import http.client
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from aikagi_emulator.runtime import FunctionSpec
from emulator.tests.runtime.running import PATIENCE, Latch, Log
from emulator.tests.runtime.web import ADAPTER, VARIABLES, write_function
from emulator.tests.urls.fakes import ALICE, ARN, ORIGIN
from emulator.tests.urls.serving import serving

MEGABYTE = 1_048_576


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture
def latch(tmp_path: Path) -> Latch:
    return Latch(tmp_path / "latch")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, log: Log) -> Iterator[int]:
    """Where a function URL listens whose function has one environment."""
    spec = FunctionSpec(
        name="hello",
        arn=ARN,
        folder=write_function(tmp_path_factory.mktemp("function")),
        handler="run.sh",
        timeout_seconds=60,
        concurrency=1,
        layers=(ADAPTER,),
        variables=VARIABLES,
    )
    with serving(spec, log, invoke_mode="RESPONSE_STREAM") as number:
        yield number


class Client:
    """Connections to a function URL, one for each request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: list[http.client.HTTPConnection | http.client.HTTPResponse] = []

    def ask(
        self, target: str, *, method: str = "GET", body: bytes = b"", **headers: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=PATIENCE
        )
        self._open.append(connection)
        connection.request(method, target, body, {"authorization": "alice", **headers})
        answer = connection.getresponse()
        self._open.append(answer)
        return answer

    def ask_when_idle(self, target: str) -> http.client.HTTPResponse:
        """Ask until the only environment has done what it did before."""
        while (answer := self.ask(target, origin=ORIGIN)).status == 429:
            pass
        return answer

    def leave(self) -> None:
        while self._open:
            self._open.pop().close()


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    client = Client(port)
    yield client
    client.leave()


def test_the_first_piece_reaches_the_client_before_the_last_is_made(
    client: Client, latch: Latch
):
    answer = client.ask_when_idle(f"/steps?latch={latch.path}")

    assert answer.status == 200
    first = answer.read1()
    latch.release()
    rest = answer.read()

    assert (first, rest) == (b"one", b"two")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["x-amzn-requestid"]


def test_bytes_and_callers_arrive_and_refusals_are_the_urls_own(client: Client):
    client.ask_when_idle("/").read()
    posted = client.ask("/a%2Fb?q=%20", method="POST", body=b"\xff" * 100_000)
    seen = json.loads(posted.read())
    head = client.ask("/", method="HEAD")
    plus = client.ask("/?q=a+b")
    refused = client.ask("/", authorization="mallory")
    large = client.ask("/", method="POST", body=b"x" * 7_000_000)

    assert (seen["method"], seen["path"], seen["query"]) == ("POST", "/a%2Fb", "q=%20")
    assert len(seen["body"]) == 133_336
    context = json.loads(dict(seen["headers"])["x-amzn-request-context"])
    assert context["authorizer"]["iam"]["userArn"] == ALICE.user_arn
    assert (head.status, head.read()) == (201, b"")
    assert (plus.status, plus.read()) == (502, b"Internal Server Error")
    assert (refused.status, large.status) == (403, 413)


def test_an_answer_that_is_cut_off_is_seen_to_be(client: Client, latch: Latch):
    answer = client.ask_when_idle(f"/late?latch={latch.path}")
    assert answer.status == 200
    first = answer.read1()

    latch.release()

    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    assert first == b"one"


def test_a_client_that_leaves_does_not_end_the_function(
    client: Client, latch: Latch, log: Log
):
    before = json.loads(client.ask_when_idle("/").read())
    leaving = client.ask(f"/steps?latch={latch.path}")
    assert (leaving.status, leaving.read1()) == (200, b"one")

    client.leave()

    assert client.ask("/").status == 429
    latch.release()
    log.wait_for(f"finished {latch.path}")
    after = json.loads(client.ask_when_idle("/").read())
    assert after["pid"] == before["pid"]
    assert after["answers"] == before["answers"] + 2


def test_a_slow_client_slows_the_function_and_nothing_piles_up(
    client: Client, log: Log
):
    client.ask_when_idle("/").read()
    tracemalloc.start()

    answer = client.ask("/flow?megabytes=100")
    log.wait_for("blocked")
    total = 0
    while piece := answer.read(65_536):
        total += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert total == 100 * MEGABYTE
    assert peak < 4 * MEGABYTE
