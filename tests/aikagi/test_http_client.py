"""Where the client connects, what it waits for, and how much it takes."""

import gzip
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Event, Thread
from time import monotonic
from typing import Final

import pytest

from aikagi import (
    AddressError,
    AikagiError,
    Broker,
    EndedEarlyError,
    MalformedError,
    UnreachableError,
)
from aikagi.http_client import _ssl_context, build_client
from aikagi.signing import require_same_origin
from aikagi.streams import LONGEST_LINE
from aikagi.transport import LARGEST_ANSWER, BrokerTransport
from tests.aikagi.loopback import NDJSON, PASSWORD, Answer, Loopback, json_answer

PROXY_VARIABLES: Final = [
    name.upper() if upper else name
    for name in ("http_proxy", "https_proxy", "all_proxy")
    for upper in (False, True)
]
ELSEWHERE: Final = "http://192.0.2.1/"
"""An address for documentation (RFC 5737): nobody is there."""


class Proxy:
    """A proxy that refuses whatever it is asked, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                line = connection.recv(65_536).partition(b"\r\n")[0]
                if not line:
                    return
                self.asked.append(line)
                connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        with socket.create_connection(self._socket.getsockname()):
            pass
        self._thread.join()
        self._socket.close()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    for name in (*PROXY_VARIABLES, "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with closing(Proxy()) as proxy:
        yield proxy


@pytest.mark.parametrize("name", PROXY_VARIABLES)
def test_loopback_never_goes_through_a_proxy(
    loopback: Loopback, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setenv(name, proxy.url)

    with Broker(loopback.base) as broker:
        broker.login("alice", PASSWORD)
        assert broker.call("hello").result() == {"ok": True}

    assert proxy.asked == []


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_elsewhere_a_proxy_carries_what_it_cannot_read(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setenv(name, proxy.url.removeprefix("http://"))

    with Broker("https://broker.example/") as broker, pytest.raises(UnreachableError):
        broker.login("alice", PASSWORD)

    assert proxy.asked == [b"CONNECT broker.example:443 HTTP/1.1"]


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("excepted", ["broker.invalid", "*", "a, .invalid"])
def test_no_proxy_is_asked_for_hosts_that_are_excepted(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str, excepted: str
):
    monkeypatch.setenv("https_proxy", proxy.url)
    with Broker("https://broker.invalid/") as broker:
        for value in ("other.invalid", excepted):
            monkeypatch.setenv(name, value)
            with pytest.raises(UnreachableError):
                broker.login("alice", PASSWORD)

    assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    "value",
    [
        "socks5://127.0.0.1:1",
        "socks://alice:s3cret@127.0.0.1:1",
        "http://",
        "nonsense:port",
        "://",
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_and_never_its_password(
    loopback: Loopback, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, value: str
):
    monkeypatch.setenv("HTTPS_PROXY", value)

    elsewhere = Broker("https://broker.example/")
    with elsewhere, pytest.raises(UnreachableError, match="HTTPS_PROXY") as raised:
        elsewhere.login("alice", PASSWORD)
    with Broker(loopback.base) as broker:
        broker.login("alice", PASSWORD)
        assert broker.me().subject == "alice"

    assert "s3cret" not in str(raised.value)


def test_authorities_that_cannot_be_read_are_named(
    loopback: Loopback, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
):
    _ssl_context.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")

    elsewhere = Broker("https://broker.example/")
    with elsewhere, pytest.raises(UnreachableError, match="SSL_CERT_FILE"):
        elsewhere.login("alice", PASSWORD)
    with Broker(loopback.base) as broker:
        broker.login("alice", PASSWORD)


def test_a_label_too_long_for_a_name_is_out_of_reach(proxy: Proxy):
    broker = Broker(f"https://{'a' * 64}.example/")
    with broker, pytest.raises(UnreachableError):
        broker.login("alice", PASSWORD)


def grants(func_url: str, loopback: Loopback) -> Answer:
    loopback.function = func_url
    body = {
        "FunctionName": "hello",
        "FuncUrl": func_url,
        "Region": "eu-west-1",
        "InvokeMode": "BUFFERED",
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": "2100-01-01T00:15:00Z",
        "ServerTime": "2100-01-01T00:00:00Z",
    }
    return json_answer(body)


def test_a_grant_for_an_address_in_the_open_is_refused(
    alice: Broker, loopback: Loopback
):
    loopback.broker_answers = [grants(ELSEWHERE, loopback)]
    with pytest.raises(AddressError, match=r"192\.0\.2\.1"):
        alice.call("hello").result()

    loopback.broker_answers = [grants("https://f.example/", loopback)]
    assert alice.grant("hello").func_url == "https://f.example/"


def test_a_catalogue_entry_for_an_address_in_the_open_is_refused(
    alice: Broker, loopback: Loopback
):
    loopback.function = ELSEWHERE
    with pytest.raises(AddressError, match=r"192\.0\.2\.1"):
        alice.functions()

    loopback.function = "https://f.example/"
    [entry] = alice.functions()
    assert entry.func_url == "https://f.example/"


def test_the_client_itself_connects_to_nobody_in_the_open(
    alice: Broker, loopback: Loopback
):
    with build_client() as client:
        with pytest.raises(AddressError):
            client.get(ELSEWHERE)
        assert client.get(f"{loopback.base}healthz").is_success
    with pytest.raises(AddressError):
        require_same_origin(alice.grant("hello"), ELSEWHERE)


def drip(first: bytes, drop: bytes) -> tuple[str, Callable[[], None]]:
    """Serve one answer that never ends, a drop now and then. Give URL and an end."""
    server = socket.create_server(("127.0.0.1", 0))
    over = Event()

    def serve() -> None:
        with server:
            connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(first)
                while not over.wait(0.02):
                    connection.sendall(drop)
            except OSError:
                pass  # the client has left

    thread = Thread(target=serve)
    thread.start()

    def end() -> None:
        over.set()
        thread.join()

    return f"http://127.0.0.1:{server.getsockname()[1]}/", end


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIPS = [
    pytest.param(HEAD + b"X-Slow: ", b"x", id="in a header"),
    pytest.param(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", id="in early hints"),
    pytest.param(HEAD + b"Content-Length: 99999\r\n\r\n", b" ", id="in the body"),
]


@pytest.mark.parametrize(("first", "drop"), DRIPS)
def test_a_broker_that_answers_a_byte_now_and_then_is_not_waited_for(
    first: bytes, drop: bytes
):
    base, end = drip(first, drop)
    began = monotonic()
    with build_client() as client:
        transport = BrokerTransport(base, client)
        with pytest.raises(UnreachableError, match="in time"):
            transport.request("GET", "auth/me", timeout=0.3)
    took = monotonic() - began
    end()

    assert 0.25 < took < 5


@pytest.mark.parametrize(
    ("first", "drop"), [*DRIPS, pytest.param(HEAD, b"", id="silence")]
)
def test_a_function_that_answers_a_byte_now_and_then_is_not_waited_for(
    alice: Broker, loopback: Loopback, first: bytes, drop: bytes
):
    loopback.function, end = drip(first, drop)
    began = monotonic()
    with pytest.raises((UnreachableError, EndedEarlyError), match="in time"):
        alice.call("hello", timeout=0.3).result()
    took = monotonic() - began
    end()

    assert 0.25 < took < 5


def bomb(kind: str, size: int, status: int = 200) -> Answer:
    """Answer with few bytes that unfold to many."""
    filler = b"data: not an event\n\n"
    return Answer(
        status=status,
        media_type=kind,
        headers={"Content-Encoding": "gzip"},
        pieces=(gzip.compress(filler * (size // len(filler)), 1),),
    )


def peak_of(work: Callable[[], object], wanted: type[AikagiError]) -> int:
    """Give how many bytes it held at most. It has to fail."""
    tracemalloc.start()
    try:
        with pytest.raises(wanted, match="bytes"):
            work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [200, 400])
def test_a_broker_whose_answer_unfolds_is_not_listened_to(
    alice: Broker, loopback: Loopback, status: int
):
    loopback.broker_answers = [bomb("application/json", 32 * LARGEST_ANSWER, status)]
    peak = peak_of(alice.me, UnreachableError)

    assert peak < 8 * LARGEST_ANSWER
    assert alice.me().subject == "alice"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "image/png"])
def test_no_result_holds_more_than_a_buffered_function_can_answer(
    alice: Broker, loopback: Loopback, kind: str
):
    answer = bomb(kind, 8 * LONGEST_LINE)
    loopback.answer = lambda _: answer
    peak = peak_of(alice.call("hello").result, MalformedError)

    assert peak < 5 * LONGEST_LINE
    loopback.answer = lambda _: bomb(kind, 1000)
    assert alice.call("hello").result()


@pytest.mark.parametrize("kind", ["text/plain", "text/event-stream", "image/png"])
def test_what_is_passed_on_is_held_by_nobody(
    alice: Broker, loopback: Loopback, kind: str
):
    answer = bomb(kind, 4 * LONGEST_LINE)
    loopback.answer = lambda _: answer
    length = 0
    tracemalloc.start()
    for event in alice.call("hello").raw_events(whole=False):
        length += len(event.get("text") or event.get("value") or "")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert length == 4 * LONGEST_LINE // 20 * 20
    assert peak < 2 * LONGEST_LINE


def test_events_are_read_however_many_there_are(alice: Broker, loopback: Loopback):
    piece = b'{"type": "output", "text": "' + b"x" * 900_000 + b'"}\n'
    end = b'{"type": "result", "value": 1}\n'
    loopback.answer = lambda _: Answer(media_type=NDJSON, pieces=(piece,) * 20 + (end,))

    length = sum(
        len(event.get("text", "")) for event in alice.call("hello").raw_events()
    )

    assert length == 20 * 900_000
