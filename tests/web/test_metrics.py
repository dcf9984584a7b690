"""What each request is measured by, and that no request depends on it."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from typing_extensions import override

from app.adapters.audit import AuditLines
from app.adapters.embedded_metrics import EmbeddedMetrics
from app.adapters.line_writer import LineWriter
from app.audit_trail import AuditTrail
from app.broker import Broker, Sessions
from app.domain.credentials import TemporaryCredentials
from app.domain.metrics import STS_LATENCY
from app.domain.session import SessionPlan
from app.request_metrics import RequestMetrics
from tests.embedded_metric_format import data_of, is_metrics, sums
from tests.fakes import Clock, a_bearer

ALICE: Final = {"username": "alice", "password": "correct"}


class Output(io.StringIO):
    """Takes no line that has ``refused`` in it, if that is set."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = ""

    @override
    def write(self, line: str) -> int:
        if self.refused and self.refused in line:
            raise BrokenPipeError
        return super().write(line)

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


class MeasuredSessions:
    """Measures each session by as many milliseconds as seconds were asked for."""

    def __init__(self, sessions: Sessions, metrics: RequestMetrics) -> None:
        self._sessions = sessions
        self._metrics = metrics

    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        self._metrics.add(STS_LATENCY, plan.duration.total_seconds())
        return self._sessions.issue(plan)


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
def broker(broker: Broker, output: Output, clock: Clock) -> Broker:
    """Audit and measure into one output, as the broker does."""
    lines = LineWriter(output)
    metrics = RequestMetrics(EmbeddedMetrics(lines, namespace="Aikagi", clock=clock))
    return replace(
        broker,
        audit=AuditTrail(log=AuditLines(lines), clock=clock, metrics=metrics),
        sessions=MeasuredSessions(broker.sessions, metrics),
    )


def grant(client: TestClient, broker: Broker, **asked: Any) -> int:
    token = broker.tokens.mint(a_bearer("alice")).text
    return client.post(
        "/grant",
        headers={"Authorization": f"Bearer {token}"},
        json={"FunctionName": "hello", **asked},
    ).status_code


def test_each_request_leaves_its_audit_line_and_then_one_of_metrics(
    client: TestClient, broker: Broker, output: Output
):
    login = client.post("/auth/login", data=ALICE)
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": login.json()["refresh_token"],
    }
    client.post("/auth/refresh", data=refresh)
    client.post("/auth/login", data={**ALICE, "password": "wrong"})
    client.post("/auth/refresh", data={**refresh, "refresh_token": "made-up"})
    new = {**ALICE, "password": "wrong", "new_password": "another-1871"}
    client.post("/auth/password", data=new)
    grant(client, broker)
    grant(client, broker, FunctionName="unheard-of", DryRun=True)

    kinds = [is_metrics(line) for line in output.lines]
    assert kinds == [False, True] * 7
    assert sums(output.lines) == {
        ("Logins",): 1,
        ("Renewals",): 1,
        ("Refusals",): 4,
        ("Refusals", "wrong-password"): 2,
        ("Refusals", "not-a-refresh-token"): 1,
        ("Refusals", "no-such-function"): 1,
        ("Grants",): 1,
        ("ReusedSessions",): 0,
        ("StsLatency",): 900,
    }


def test_what_is_no_event_or_counts_for_nothing_is_not_measured(
    client: TestClient, broker: Broker, output: Output
):
    token = broker.tokens.mint(a_bearer("alice")).text
    authorization = {"Authorization": f"Bearer {token}"}

    client.get("/")
    client.get("/healthz")
    client.get("/functions", headers=authorization)
    client.get("/functions", headers={"Authorization": "Bearer made-up"})
    client.post("/auth/logout", headers=authorization)

    assert [is_metrics(line) for line in output.lines] == [False]  # the logout's


def test_a_metric_that_cannot_be_written_costs_neither_a_grant_nor_its_audit_line(
    client: TestClient, broker: Broker, output: Output
):
    output.refused = "_aws"

    assert grant(client, broker) == 200
    assert client.post("/auth/login", data=ALICE).status_code == 200

    events = [json.loads(line)["Event"] for line in output.lines]
    assert events == ["Grant", "Login"]


def test_an_audit_line_that_cannot_be_written_is_counted_as_a_fault(
    client: TestClient, broker: Broker, output: Output
):
    output.refused = '"Event"'

    assert grant(client, broker) == 503
    assert client.post("/auth/login", data=ALICE).status_code == 200

    assert sums(output.lines) == {
        ("StsLatency",): 900,
        ("Faults",): 1,
        ("Faults", "audit-unavailable"): 1,
        ("Logins",): 1,
    }


def test_requests_at_one_time_have_their_own_measurements(
    client: TestClient, broker: Broker, output: Output
):
    lengths = range(900, 930)
    with ThreadPoolExecutor(8) as people:
        answers = list(
            people.map(
                lambda seconds: grant(client, broker, DurationSeconds=seconds), lengths
            )
        )

    assert answers == [200] * len(lengths)
    measured = [json.loads(line) for line in output.lines if is_metrics(line)]
    asked = {
        line["RequestId"]: line["DurationSeconds"]
        for line in map(json.loads, output.lines)
        if "Event" in line
    }
    assert {line["RequestId"]: line["StsLatency"] for line in measured} == asked
    for line in measured:
        assert len(data_of(json.dumps(line))) == 3
