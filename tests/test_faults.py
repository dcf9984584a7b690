"""Each fault of AWS that the emulator can show has a stated answer, and this one.

A broker of this process meets the AWS of the running stack: each test has a new one,
which has read nothing yet. It tries once, where a deployed broker tries twice.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, cast, final

import boto3
import httpx2
import pytest
from botocore.config import Config

from aikagi_emulator.aws.faults import SERVICES, Fault, Kind
from aikagi_emulator.control import Controls
from app.adapters import parameters, signing_secret, sts, table
from app.bootstrap import build_broker
from app.broker import Broker
from app.settings import Settings
from app.web.application import create_app
from lambda_package.trim_botocore import OPERATIONS
from tests import fault_cases
from tests.described_client import DescribedClient
from tests.fakes import a_bearer
from tests.fault_cases import A_LOGIN, NOTHING, PERHAPS_A_LOGIN, Case
from tests.stack import Stack

CASES: Final = tuple(fault_cases.cases())
NO_REQUEST: Final = frozenset({"GetCallerIdentity"})
"""What opens a connection after a snapshot was restored; its faults end there."""
IMPATIENT: Final = 0.2
"""Seconds that a client waits for an answer that comes late."""


@final
class SessionOfStack:
    """A session of boto3's whose clients meet a stack's AWS, and try once.

    Of those clients the one of ``impatient_with`` soon waits no more.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        self._session = boto3.session.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables["AWS_SESSION_TOKEN"],
            region_name=variables["AWS_REGION"],
        )
        self._endpoint = variables["AWS_ENDPOINT_URL"]
        self._clients: dict[tuple[str, bool], Any] = {}
        self.impatient_with = ""

    def client(self, service: Any, config: Config) -> Any:
        """Give the same for every broker: it holds nothing, and takes long to make."""
        is_impatient = service == self.impatient_with
        key = (service, is_impatient)
        if key not in self._clients:
            config = config.merge(Config(retries={"total_max_attempts": 1}))
            if is_impatient:
                config = config.merge(Config(read_timeout=IMPATIENT))
            self._clients[key] = self._session.client(
                service, config=config, endpoint_url=self._endpoint
            )
        return self._clients[key]

    def disconnect(self) -> None:
        """End the connections: a server ends those that are idle at any moment."""
        for client in self._clients.values():
            client.close()


@final
class FreshBrokers:
    """An application that has a new broker for each request."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        variables = stack.variables("env")
        self._session = SessionOfStack(variables)
        own = {
            name.removeprefix("AIKAGI_").lower(): text
            for name, text in variables.items()
            if name.startswith("AIKAGI_")
        }
        region = {"AWS_REGION": variables["AWS_REGION"]}
        self._settings = Settings.model_validate({**own, **region})
        self._app = create_app(self._new_broker())

    def log_in(self) -> str:
        """Give alice's refresh token."""
        sent = _sent("/auth/login", self._new_broker(), self._stack, "")
        with DescribedClient(self._app) as client:
            answer = client.post("/auth/login", **sent)
        return str(answer.json()["refresh_token"])

    def send(self, case: Case, refresh_token: str) -> httpx2.Response:
        self._session.disconnect()
        self._session.impatient_with = case.met.service if case.is_late else ""
        broker = self._app.state.broker = self._new_broker()
        method, path = case.met.request.split()
        with DescribedClient(self._app) as client:
            sent = _sent(path, broker, self._stack, refresh_token)
            return client.request(method, path, **sent)

    def _new_broker(self) -> Broker:
        session = cast("boto3.session.Session", self._session)
        return build_broker(self._settings, session)


@pytest.fixture(scope="module")
def brokers(stack: Stack) -> FreshBrokers:
    return FreshBrokers(stack)


@pytest.fixture
def controls(stack: Stack) -> Iterator[Controls]:
    controls = stack.controls
    yield controls
    controls.reset()


def order(controls: Controls, case: Case) -> None:
    fault: dict[str, Any] = {
        "Service": case.met.service,
        "Action": case.met.action,
        "Fault": str(case.kind),
    }
    if case.kind is Kind.SLOW:
        fault["Seconds"] = 3 * IMPATIENT if case.is_late else IMPATIENT / 10
    controls.add_faults(fault)


def _sent(
    path: str, broker: Broker, stack: Stack, refresh_token: str
) -> dict[str, Any]:
    if path == "/auth/refresh":
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return {"data": grant}
    if path == "/auth/login":
        return {"data": {"username": "alice", "password": stack.users["alice"]}}
    if path == "/grant":
        bearer = a_bearer("alice", issued_at=datetime.now(UTC))
        token = broker.tokens.mint(bearer).text
        return {
            "json": {"FunctionName": "hello"},
            "headers": {"Authorization": f"Bearer {token}"},
        }
    return {}


@pytest.fixture
def refresh_token(
    brokers: FreshBrokers,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> str:
    """Log in for the cases that renew a login."""
    case: Case = request.getfixturevalue("case")
    token = brokers.log_in() if case.met.request.endswith("/refresh") else ""
    capsys.readouterr()
    return token


@pytest.fixture
def logins(stack: Stack) -> Callable[[], int]:
    """Count the logins in the table."""
    client = stack.operator_client("dynamodb")
    table_name = stack.variables("env")["AIKAGI_USERS_TABLE"]

    def count() -> int:
        pages = client.get_paginator("scan").paginate(TableName=table_name)
        return sum(
            item["pk"]["S"].startswith("login#")
            for page in pages
            for item in page["Items"]
        )

    return count


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_each_fault_has_its_answer(
    case: Case,
    brokers: FreshBrokers,
    controls: Controls,
    refresh_token: str,
    logins: Callable[[], int],
    capsys: pytest.CaptureFixture[str],
):
    before = logins()
    order(controls, case)

    answer = brokers.send(case, refresh_token)

    assert controls.faults() == [], "the request did not meet the fault"
    assert answer.status_code == case.status, answer.text
    assert (answer.json().get("type") or "").rpartition(":")[2] == case.code
    retry_after = answer.headers.get("retry-after")
    assert retry_after == (None if case.retry_after is None else str(case.retry_after))
    assert "arn:aws" not in answer.text or case.status == 200
    written = capsys.readouterr().out.splitlines()
    events = [json.loads(line)["Event"] for line in written]
    assert events == ([] if case.event == NOTHING else [case.event])
    if case.stored == PERHAPS_A_LOGIN:
        # The stack stores it all the same, after its answer has become too late.
        wait_for(lambda: logins() == before + 1)
    else:
        assert logins() - before == int(case.stored == A_LOGIN)
    if refresh_token:
        # Whatever the fault was, the login goes on.
        assert brokers.send(case, refresh_token).status_code == 200


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_every_fault_that_the_broker_can_meet_is_in_the_table():
    tried = {(case.met.service, case.met.action, case.kind) for case in CASES}

    assert tried == set(possible_faults())


def possible_faults() -> Iterator[tuple[str, str, Kind]]:
    for service in set(SERVICES) - fault_cases.OPERATORS_ALONE:
        for action, kind in itertools.product(OPERATIONS[service], Kind):
            seconds = 1.0 if kind is Kind.SLOW else 0.0
            try:
                Fault(service=service, kind=kind, action=action, seconds=seconds)
            except ValueError:
                continue
            if action not in NO_REQUEST:
                yield service, action, kind


def test_the_table_in_the_docs_has_the_rows_that_are_tried_and_no_others():
    text = fault_cases.PATH.read_text()

    assert text == fault_cases.page_with_rows(), (
        "docs/faults.md is another: python -m tests.fault_cases writes its rows"
    )
    assert text.count(fault_cases.rows()) == 1


@pytest.mark.parametrize("service", [sts, parameters, signing_secret, table])
def test_every_client_waits_for_three_seconds_and_tries_twice(
    service: Any, stack: Stack
):
    session = boto3.session.Session(region_name=stack.region)
    config = service.connect(session).meta.config

    assert (config.connect_timeout, config.read_timeout) == (2, 3)
    assert config.retries["total_max_attempts"] == 2
