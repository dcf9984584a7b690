"""Fetch keys from issuers that are slow, hostile, rotating or down."""

import datetime as dt
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from typing_extensions import override

from app.adapters.tokens import documents
from app.adapters.tokens.documents import LARGEST, Documents, FetchError
from app.adapters.tokens.remote_keys import RemoteKeys
from app.adapters.tokens.signature import PublicKey
from app.domain.errors import IssuerKeysUnavailableError
from app.domain.issuers import Issuer
from tests.adapters.readings import wait_for_background_readings
from tests.fakes import Clock, an_issuer
from tests.issuers.issuing import (
    DISCOVERY,
    EcKey,
    IssuerServer,
    Reply,
    RsaKey,
    issuer_server,
    seconds_of,
)

OLD: Final = RsaKey.generate("old")
NEW: Final = EcKey.generate("new")
IMPATIENT: Final = 0.4
"""Seconds for a visit, so that slow issuers are given up soon."""


@pytest.fixture
def server() -> Iterator[IssuerServer]:
    with issuer_server() as running:
        running.publish(OLD.jwk)
        yield running


@pytest.fixture
def other_server() -> Iterator[IssuerServer]:
    with issuer_server() as running:
        running.publish(OLD.jwk)
        yield running


@pytest.fixture
def keys(clock: Clock) -> RemoteKeys:
    return remote_keys(clock)


def remote_keys(clock: Clock, *, seconds: float = 3.0) -> RemoteKeys:
    return RemoteKeys(
        on_loopback=True,
        clock=clock,
        new_documents=lambda: Documents(seconds=seconds),
    )


def issuer_at(
    server: IssuerServer, *, alias: str = "corp", path: str = "/keys"
) -> Issuer:
    return replace(an_issuer(alias), jwks_uri=server.url + path)


def find(
    keys: RemoteKeys, issuer: Issuer, key: RsaKey | EcKey = OLD, *, kid: str = ""
) -> PublicKey | None:
    """Look a key up as a request does: once more when what it lacks has been read."""
    algorithm = key.jwk["alg"]
    for _ in range(2):
        try:
            return keys.find(issuer, algorithm, kid or key.kid)
        except IssuerKeysUnavailableError as error:
            if error.pending is None:
                raise
            error.pending.result(10)
    return keys.find(issuer, algorithm, kid or key.kid)


def unavailable(keys: RemoteKeys, issuer: Issuer) -> IssuerKeysUnavailableError:
    with pytest.raises(IssuerKeysUnavailableError) as caught:
        find(keys, issuer)
    return caught.value


# Where keys are


def test_keys_are_fetched_once_where_the_entry_says(
    keys: RemoteKeys, server: IssuerServer
):
    issuer = issuer_at(server)

    assert find(keys, issuer) is not None
    assert find(keys, issuer) is not None
    assert server.asked == {"/keys": 1}


@pytest.mark.parametrize("below", ["", "/", "/realms/a", "/tenant/v2.0/"])
def test_without_an_address_the_issuer_is_asked_for_it(
    keys: RemoteKeys, server: IssuerServer, below: str
):
    server.discoverable(below)
    issuer = an_issuer("corp", url=server.url + below)

    assert find(keys, issuer) is not None
    assert server.asked == {below.removesuffix("/") + DISCOVERY: 1, "/keys": 1}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"issuer": "https://evil.example"}, id="another issuer"),
        pytest.param({"issuer": None}, id="no issuer"),
        pytest.param({"jwks_uri": None}, id="no address"),
        pytest.param({"jwks_uri": "http://10.0.0.1/keys"}, id="http"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, id="a file"),
        pytest.param({"jwks_uri": "https://a@evil.example/"}, id="a user"),
        pytest.param({"jwks_uri": "https://a.example/\r\nX: y"}, id="a header"),
        pytest.param({"jwks_uri": ["https://a.example"]}, id="a list"),
    ],
)
def test_metadata_that_do_not_fit_lead_nowhere(
    keys: RemoteKeys, server: IssuerServer, changes: dict[str, Any]
):
    server.discoverable(**changes)

    assert unavailable(keys, an_issuer("corp", url=server.url)).pending is None
    assert server.asked == {DISCOVERY: 1}


def test_metadata_of_the_same_issuer_with_a_slash_are_anothers(
    keys: RemoteKeys, server: IssuerServer
):
    server.discoverable(issuer=server.url + "/")

    unavailable(keys, an_issuer("corp", url=server.url))


def test_on_aws_metadata_lead_to_no_loopback(clock: Clock, server: IssuerServer):
    server.discoverable()
    on_aws = RemoteKeys(on_loopback=False, clock=clock)

    unavailable(on_aws, an_issuer("corp", url=server.url))
    assert server.asked == {DISCOVERY: 1}


def test_an_entry_that_changes_has_new_keys_at_once(
    keys: RemoteKeys, server: IssuerServer
):
    server.publish(NEW.jwk, path="/others")
    assert find(keys, issuer_at(server)) is not None

    assert find(keys, issuer_at(server, path="/others")) is None
    assert find(keys, issuer_at(server, path="/others"), NEW) is not None


# When they are fetched


def test_500_unknown_kids_are_one_fetch(
    keys: RemoteKeys, server: IssuerServer, clock: Clock
):
    issuer = issuer_at(server)
    find(keys, issuer)
    clock.advance(seconds=10)

    with ThreadPoolExecutor(20) as pool:
        found = list(
            pool.map(lambda n: find(keys, issuer, kid=f"unknown-{n}"), range(500))
        )

    assert found == [None] * 500
    assert server.asked == {"/keys": 2}


def test_500_unknown_kids_at_the_start_are_one_fetch(
    keys: RemoteKeys, server: IssuerServer
):
    with ThreadPoolExecutor(20) as pool:
        found = list(
            pool.map(
                lambda n: find(keys, issuer_at(server), kid=f"unknown-{n}"), range(500)
            )
        )

    assert found == [None] * 500
    assert server.asked == {"/keys": 1}


def test_a_new_key_is_found_and_the_old_one_serves_meanwhile(
    keys: RemoteKeys, server: IssuerServer, clock: Clock
):
    issuer = issuer_at(server)
    find(keys, issuer)
    server.publish(OLD.jwk, NEW.jwk)
    assert find(keys, issuer, NEW) is None
    clock.advance(seconds=10)
    may_answer = threading.Event()
    server.before = lambda _: may_answer.wait(10)

    with pytest.raises(IssuerKeysUnavailableError) as caught:
        keys.find(issuer, "ES256", "new")
    assert keys.find(issuer, "RS256", "old") is not None
    may_answer.set()

    assert caught.value.pending is not None
    caught.value.pending.result(10)
    assert keys.find(issuer, "ES256", "new") is not None


def test_a_key_that_was_withdrawn_is_gone_after_an_hour(
    keys: RemoteKeys, server: IssuerServer, clock: Clock
):
    issuer = issuer_at(server)
    find(keys, issuer)
    server.publish(NEW.jwk)
    clock.advance(minutes=59)
    assert find(keys, issuer) is not None
    assert wait_for_background_readings() == 0

    clock.advance(minutes=1)
    assert find(keys, issuer) is not None
    wait_for_background_readings()

    assert find(keys, issuer, kid="new", key=NEW) is not None
    assert find(keys, issuer) is None


def test_while_an_issuer_is_down_its_people_come_in_for_a_day(
    keys: RemoteKeys, server: IssuerServer, clock: Clock
):
    issuer = issuer_at(server)
    find(keys, issuer)
    server.replies.clear()

    clock.advance(hours=23, minutes=59)
    for _ in range(100):
        assert keys.find(issuer, "RS256", "old") is not None
    wait_for_background_readings()
    assert server.asked == {"/keys": 2}

    clock.advance(minutes=1)
    assert unavailable(keys, issuer).retry_after_seconds == 5

    server.publish(OLD.jwk)
    clock.advance(seconds=5)
    assert find(keys, issuer) is not None


def test_a_failure_is_the_answer_for_five_seconds(
    keys: RemoteKeys, server: IssuerServer, clock: Clock
):
    server.replies.clear()
    for _ in range(50):
        unavailable(keys, issuer_at(server))
    assert server.asked == {"/keys": 1}

    clock.advance(seconds=5)
    unavailable(keys, issuer_at(server))
    assert server.asked == {"/keys": 2}


# What an issuer may do


HOSTILE: Final[dict[str, Callable[[IssuerServer], Reply]]] = {
    "an error": lambda _: Reply(status=500),
    "not found": lambda _: Reply(status=404),
    "a redirect": lambda server: Reply(
        status=302, headers={"Location": f"{server.url}/others"}
    ),
    "a redirect for good": lambda server: Reply(
        status=308, headers={"Location": f"{server.url}/others"}
    ),
    "garbage": lambda _: Reply(body=b"\x00\xff<html>"),
    "no keys": lambda _: Reply(body=b'{"keys": []}'),
    "a byte too much": lambda _: Reply(
        body=json.dumps({"keys": [OLD.jwk]}).encode().ljust(LARGEST + 1)
    ),
    "a head that drips": lambda _: Reply(body=b"{}", slow="head"),
    "a body that drips": lambda _: Reply(
        body=json.dumps({"keys": [OLD.jwk]}).encode(), slow="body"
    ),
    "what it has compressed": lambda _: Reply(
        body=b"\x1f\x8b\x08\x00", headers={"Content-Encoding": "gzip"}
    ),
    "less than it says": lambda _: Reply(
        body=b"{", headers={"Transfer-Encoding": "chunked"}
    ),
    "a head without end": lambda _: Reply(
        headers={f"X-{number}": "x" * 60_000 for number in range(200)}
    ),
}


@pytest.mark.parametrize("reply", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_key_set_makes_an_issuer_unavailable_or_keeps_the_old_set(
    server: IssuerServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    reply: Callable[[IssuerServer], Reply],
):
    issuer = issuer_at(server)
    server.publish(OLD.jwk, path="/others")
    known, unknown = remote_keys(clock, seconds=1), remote_keys(clock, seconds=1)
    find(known, issuer)
    server.replies["/keys"] = reply(server)

    seconds = seconds_of(lambda: unavailable(unknown, issuer))
    clock.advance(hours=1)
    assert find(known, issuer) is not None
    wait_for_background_readings()
    assert find(known, issuer) is not None

    assert seconds < 3
    assert server.asked["/others"] == 0
    assert "The keys of the issuer corp cannot be fetched: " in caplog.text
    assert "x" * 100 not in caplog.text


def test_a_set_of_the_largest_size_is_taken(keys: RemoteKeys, server: IssuerServer):
    body = json.dumps({"keys": [OLD.jwk]}).encode().ljust(LARGEST)
    server.replies["/keys"] = Reply(body=body)

    assert find(keys, issuer_at(server)) is not None


def test_a_slow_issuer_delays_nobody_else(
    clock: Clock, server: IssuerServer, other_server: IssuerServer
):
    keys = remote_keys(clock)
    slow, other = issuer_at(server), issuer_at(other_server, alias="other")
    may_answer = threading.Event()
    server.before = lambda _: may_answer.wait(10)

    for _ in range(100):
        with pytest.raises(IssuerKeysUnavailableError) as caught:
            keys.find(slow, "RS256", "old")
        assert caught.value.retry_after_seconds == 1
    assert find(keys, other) is not None

    may_answer.set()
    assert find(keys, slow) is not None
    assert server.asked == other_server.asked == {"/keys": 1}


def test_nothing_listens(keys: RemoteKeys, free_port: Callable[[], int]):
    nowhere = replace(
        an_issuer("corp"), jwks_uri=f"http://127.0.0.1:{free_port()}/keys"
    )

    assert unavailable(keys, nowhere).retry_after_seconds == 5


# The visit itself


def test_what_a_visit_cannot_give_up_is_left_behind_once_and_not_again():
    visits = Documents(seconds=IMPATIENT)
    may_end = threading.Event()

    def hang(_: documents.Visit) -> None:
        # A name that resolves slowly, say.
        may_end.wait(10)

    with pytest.raises(FetchError, match="too-slow"):
        visits.visit(hang)
    with pytest.raises(FetchError, match="the-visit-before-has-not-ended"):
        visits.visit(hang)
    may_end.set()
    [visitor] = [t for t in threading.enumerate() if t.name == documents.THREAD_NAME]
    visitor.join(10)
    assert visits.visit(lambda _: "ended") == "ended"


@pytest.mark.parametrize("slow", ["head", "body"])
def test_a_visit_that_is_given_up_ends_its_connection(server: IssuerServer, slow: str):
    server.replies["/keys"] = Reply(body=b"x" * 10_000, slow=slow)
    visits = Documents(seconds=IMPATIENT)

    with pytest.raises(FetchError, match="too-slow"):
        visits.visit(lambda visit: visit.get(f"{server.url}/keys"))

    for visitor in threading.enumerate():
        if visitor.name == documents.THREAD_NAME:
            visitor.join(5)
            assert not visitor.is_alive()


def test_several_documents_share_one_deadline(server: IssuerServer):
    pauses = iter([0.0, 2 * IMPATIENT])
    waiting = threading.Event()
    server.before = lambda _: waiting.wait(next(pauses))
    visits = Documents(seconds=IMPATIENT)

    with pytest.raises(FetchError, match="too-slow"):
        visits.visit(lambda visit: [visit.get(f"{server.url}/keys") for _ in range(3)])

    assert server.asked["/keys"] == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one that no machine trusts, with its key."""
    key = RsaKey.generate("tls").private
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@contextmanager
def over_tls(certificate: Path) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # refused
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            serving.join()


def test_only_a_certificate_that_is_trusted_and_of_the_host_will_do(certificate: Path):
    trusting = ssl.create_default_context(cafile=str(certificate))

    def get(url: str, trust: ssl.SSLContext | None) -> bytes:
        return Documents(trust=trust).visit(lambda visit: visit.get(url))

    with over_tls(certificate) as port:
        assert get(f"https://127.0.0.1:{port}/", trusting) == b"{}"
        with pytest.raises(FetchError, match="unreachable"):
            get(f"https://127.0.0.1:{port}/", None)
        with pytest.raises(FetchError, match="unreachable"):
            get(f"https://localhost:{port}/", trusting)


def test_a_proxy_of_the_environment_is_not_asked(
    server: IssuerServer, monkeypatch: pytest.MonkeyPatch
):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    visits = Documents()

    assert visits.visit(lambda visit: visit.get(f"{server.url}/keys"))
