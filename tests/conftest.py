import asyncio
import atexit
import gc
import socket
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast, final

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.adapters.tokens import BearerTokens, IssuerTokens
from app.audit_trail import AuditTrail
from app.broker import Broker
from app.domain.issuers import Issuer
from app.grant_limits import TokenBuckets
from app.password_checks import LimitedPasswordChecks
from app.web.application import create_app
from app.web.login_pool import LoginPool
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
        grant_limits=TokenBuckets(clock=clock),
        sessions=sessions,
        audit=AuditTrail(log=audit, clock=clock),
        clock=clock,
        new_id=Ids(),
    )


@pytest.fixture
def app(broker: Broker) -> FastAPI:
    """Build an application that a test may add to."""
    return application(broker)


@pytest.fixture
def client(broker: Broker, request: pytest.FixtureRequest) -> Iterator[TestClient]:
    """Speak to the test's own application, or to one that all others share."""
    if "app" in request.fixturenames:
        app = request.getfixturevalue("app")
    else:
        app = shared_application(broker)
    with DescribedClient(app, client=("203.0.113.7", 50000)) as client:
        yield client


def application(broker: Broker) -> FastAPI:
    return create_app(
        broker,
        allowed_origins=["https://desk.example"],
        connect_to=["https://*.lambda-url.eu-west-1.on.aws"],
    )


@final
class BrokerOfTheTest:
    """The broker of whichever test runs."""

    def __init__(self) -> None:
        self.broker: Broker | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.broker, name)

    def sign_in_issuers(self) -> list[Issuer]:
        """Asked of the broker at each call: the application is given this method."""
        assert self.broker is not None
        return self.broker.sign_in_issuers()


def shared_application(broker: Broker) -> FastAPI:
    """Give the one application, with nothing in it of the test before.

    FastAPI makes its routes at the first request, which takes longer than most tests.
    """
    of_the_test, app = _shared()
    of_the_test.broker = broker
    app.state.login_pool = LoginPool()
    return app


@cache
def _shared() -> tuple[BrokerOfTheTest, FastAPI]:
    of_the_test = BrokerOfTheTest()
    return of_the_test, application(cast("Broker", of_the_test))


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
    talkative = {"AIKAGI_LOG_LEVEL": "DEBUG", "AIKAGI_METRICS_NAMESPACE": "Aikagi"}
    with running_stack(state, variables=talkative) as running:
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
