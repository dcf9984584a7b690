"""The small stack's AWS, and real AWS clients that meet it."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import botocore.session
import pytest
import uvicorn
from botocore.config import Config

from aikagi_emulator.aws import AwsEndpoint, Endpoint, Session
from aikagi_emulator.template import Stack
from aikagi_emulator.urls.asgi import Receive, Scope, Send
from emulator.tests.aws.small_stack import (
    BROKER,
    REGION,
    Client,
    Clock,
    default_resources,
    stack_of,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stack() -> Stack:
    return stack_of(*default_resources())


@pytest.fixture
def aws(stack: Stack, clock: Clock) -> AwsEndpoint:
    return AwsEndpoint(stack, clock=clock)


class Stage:
    """One server for all tests: starting and stopping one takes longer than a test."""

    def __init__(self) -> None:
        self.application: Endpoint | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.application
        await self.application(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    application = Stage()
    config = uvicorn.Config(application, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    claimed = socket.create_server(("127.0.0.1", 0))
    up = threading.Event()
    startup = server.startup

    async def tell(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        up.set()

    server.startup = tell  # type: ignore[method-assign]  # uvicorn has no event
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[claimed]))
    )
    thread.start()
    assert up.wait(10)
    yield application, f"http://127.0.0.1:{claimed.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def serve(stage: tuple[Stage, str]) -> Callable[[Endpoint], str]:
    """Serves one endpoint at a time, and returns its origin."""
    application, origin = stage

    def start(endpoint: Endpoint) -> str:
        application.application = endpoint
        return origin

    return start


@pytest.fixture
def endpoint(aws: AwsEndpoint, serve: Callable[[Endpoint], str]) -> str:
    return serve(aws.endpoint())


@pytest.fixture(scope="session")
def sdk() -> botocore.session.Session:
    return botocore.session.Session()


@pytest.fixture
def client_of(sdk: botocore.session.Session) -> Iterator[Callable[..., Client]]:
    """Opens a real AWS client with a session's credentials, or those given."""
    clients: list[Client] = []

    def open_client(
        service: str, session: Session | None, *, endpoint_url: str, **changes: object
    ) -> Client:
        arguments: dict[str, Any] = {
            "region_name": REGION,
            "endpoint_url": endpoint_url,
            "config": Config(retries={"total_max_attempts": 1}, read_timeout=10),
        }
        if session is not None:
            arguments["aws_access_key_id"] = session.access_key_id
            arguments["aws_secret_access_key"] = session.secret_access_key
            arguments["aws_session_token"] = session.session_token
        client = sdk.create_client(service, **{**arguments, **changes})
        clients.append(client)
        return client

    yield open_client

    for client in clients:
        client.close()


@pytest.fixture
def connect(client_of: Callable[..., Client], endpoint: str) -> Callable[..., Client]:
    """Opens clients of the small stack."""
    return partial(client_of, endpoint_url=endpoint)


@pytest.fixture
def connect_to(
    client_of: Callable[..., Client], serve: Callable[[Endpoint], str]
) -> Callable[[Stack, Clock], tuple[Callable[..., Client], AwsEndpoint]]:
    """Opens clients of another stack."""

    def start(stack: Stack, clock: Clock) -> tuple[Callable[..., Client], AwsEndpoint]:
        aws = AwsEndpoint(stack, clock=clock)
        return partial(client_of, endpoint_url=serve(aws.endpoint())), aws

    return start


@pytest.fixture
def broker(aws: AwsEndpoint) -> Session:
    return aws.function_session(BROKER, "broker")


@pytest.fixture
def operator(aws: AwsEndpoint) -> Session:
    return aws.operator_session()


@pytest.fixture(scope="session", autouse=True)
def no_account_of_a_developer_is_in_reach() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in [
            known for known in os.environ if known.startswith(("AWS_", "MOTO_"))
        ]:
            patched.delenv(name)
        patched.setenv("AWS_CONFIG_FILE", os.devnull)
        patched.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield
