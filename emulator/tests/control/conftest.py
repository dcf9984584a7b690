"""The control API before an endpoint that answers nothing but 418."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from aikagi_emulator.aws import AwsEndpoint, Faults, Session
from aikagi_emulator.aws.wire import Answer, write
from aikagi_emulator.control import ControlApi, MovableClock
from aikagi_emulator.urls.asgi import Receive, Scope, Send
from emulator.tests.aws.signing import signed
from emulator.tests.aws.small_stack import LAMBDA, allow, role, stack_of

BROKER = "arn:aws:iam::123456789012:role/broker"


async def teapot(_scope: Scope, _receive: Receive, send: Send) -> None:
    await write(send, Answer(status=418, content_type="text/plain", body=b""))


@dataclass
class Controlled:
    """What the control API moves, and who may ask it to."""

    aws: AwsEndpoint
    clock: MovableClock
    faults: Faults
    api: ControlApi

    @property
    def operator(self) -> Session:
        return self.aws.operator_session()

    @property
    def almighty(self) -> Session:
        """A session whose policy allows everything there is."""
        return self.aws.function_session(BROKER, "hello")


@pytest.fixture
def controlled() -> Controlled:
    def real() -> datetime:
        return datetime.now(UTC)

    clock, faults = MovableClock(real), Faults()
    broker = role("broker", trust=[LAMBDA], may=[allow("*", "*")])
    aws = AwsEndpoint(stack_of(broker), clock=clock)
    gate = aws.operator_gate(clock=real)
    api = ControlApi(
        teapot, gate=gate, clock=clock, faults=faults, policy_delay=aws.policy_delay
    )
    return Controlled(aws=aws, clock=clock, faults=faults, api=api)


Ask = Callable[..., httpx2.Response]


@pytest.fixture
def ask(controlled: Controlled) -> Ask:
    """Sends one request, signed by the operator unless told otherwise."""

    def send(
        method: str,
        path: str,
        *,
        body: bytes = b"",
        session: Session | None = controlled.operator,
        service: str = "emulator",
        **more: Any,
    ) -> httpx2.Response:
        url, headers, content = signed(
            session,
            service,
            url=f"http://127.0.0.1:8100{path}",
            method=method,
            body=body,
            **more,
        )

        async def call() -> httpx2.Response:
            transport = httpx2.ASGITransport(controlled.api, client=("127.0.0.1", 1))
            async with httpx2.AsyncClient(transport=transport) as client:
                return await client.request(
                    method, url, headers=headers, content=content
                )

        return asyncio.run(call())

    return send
