import asyncio
import atexit
import gc
import socket
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.adapters.tokens import BearerTokens, IssuerTokens
from app.broker import Broker
from app.password_checks import LimitedPasswordChecks
from app.web.application import create_app
from tests.described_client import DescribedClient
from tests.fakes import (
    AttemptsInMemory,
    Clock,
    FixedCatalogue,
    FixedIssuers,
    Ids,
    KnownIssuerKeys,
    KnownUsers,
    LoginsInMemory,
    RecordingAudit,
    RecordingSessions,
    a_function,
    a_user,
    access_tokens,
    rotating_logins,
)
from tests.node import require_packages
from tests.provider.on_stack import template_with
from tests.provider.server import Provider, running_provider
from tests.stack import Stack, running_stack


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays to the end: all modules and all tests."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.freeze)


@pytest.fixture(scope="session", autouse=True)
def no_certificate_authorities(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Trust no authority of this machine: nothing here is of the internet.

    To read them takes longer than most requests, and every client of HTTP does.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("SSL_CERT_FILE", raising=False)
        patched.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("authorities")))
        yield


@pytest.fixture
def current_loop() -> Iterator[None]:
    """Give this thread an event loop, as Mangum wants it, and close it.

    Where there is none Mangum makes one, which nobody closes: a test long after it
    would fail of that.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def users() -> KnownUsers:
    return KnownUsers(
        a_user("alice", "everyone", "research"), a_user("bob", "everyone")
    )


@pytest.fixture
def catalogue() -> FixedCatalogue:
    return FixedCatalogue(
        a_function("report", "research"), a_function("hello", "everyone")
    )


@pytest.fixture
def issuers() -> FixedIssuers:
    return FixedIssuers()


@pytest.fixture
def issuer_keys() -> KnownIssuerKeys:
    return KnownIssuerKeys()


@pytest.fixture
def sessions(clock: Clock) -> RecordingSessions:
    return RecordingSessions(clock)


@pytest.fixture
def audit() -> RecordingAudit:
    return RecordingAudit()


@pytest.fixture
def logins() -> LoginsInMemory:
    return LoginsInMemory()


@pytest.fixture
def attempts() -> AttemptsInMemory:
    return AttemptsInMemory()


@pytest.fixture
def broker(
    *,
    clock: Clock,
    users: KnownUsers,
    attempts: AttemptsInMemory,
    logins: LoginsInMemory,
    issuers: FixedIssuers,
    issuer_keys: KnownIssuerKeys,
    catalogue: FixedCatalogue,
    sessions: RecordingSessions,
    audit: RecordingAudit,
) -> Broker:
    return Broker(
        passwords=LimitedPasswordChecks(users, attempts, clock=clock),
        users=users,
        tokens=BearerTokens(
            access_tokens(clock), IssuerTokens(issuers, issuer_keys, clock=clock)
        ),
        logins=rotating_logins(clock, logins),
        issuers=issuers,
        catalogue=catalogue,
        sessions=sessions,
        audit=audit,
        clock=clock,
        new_id=Ids(),
    )


@pytest.fixture
def app(broker: Broker) -> FastAPI:
    return create_app(
        broker,
        allowed_origins=["https://desk.example"],
        connect_to=["https://*.lambda-url.eu-west-1.on.aws"],
    )


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with DescribedClient(app, client=("203.0.113.7", 50000)) as client:
        yield client


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Give a port nobody listens on at this moment."""

    def find() -> int:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            port: int = listening.getsockname()[1]
            return port

    return find


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the whole product once, and let it say all it ever would."""
    state = tmp_path_factory.mktemp("stack")
    with running_stack(state, variables={"AIKAGI_LOG_LEVEL": "DEBUG"}) as running:
        yield running


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """Start an OpenID provider once. Whoever signs in chooses who they are."""
    require_packages("provider")
    yield from running_provider()


@pytest.fixture(scope="session")
def signing_stack(
    provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Start a stack whose broker lists the provider, once."""
    folder = tmp_path_factory.mktemp("sign-in")
    template = template_with(folder, provider.entry())
    with running_stack(folder / "state", template=template) as stack:
        yield stack
