"""``GET /credentials/{function}`` as an SDK uses it."""

import pytest
from fastapi.testclient import TestClient

from app.broker import Broker
from app.domain.errors import SessionsUnavailableError
from tests.fakes import (
    FixedCatalogue,
    RecordingAudit,
    RecordingSessions,
    a_bearer,
    a_function,
)


@pytest.fixture
def token(broker: Broker) -> str:
    return token_of(broker, "alice")


def token_of(broker: Broker, subject: str) -> str:
    return broker.tokens.mint(a_bearer(subject)).text


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", ""])
def test_a_token_with_or_without_its_scheme_is_an_hour_of_credentials(
    client: TestClient,
    token: str,
    scheme: str,
    sessions: RecordingSessions,
    audit: RecordingAudit,
):
    answer = client.get(
        "/credentials/report", headers={"Authorization": scheme + token}
    )

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["AccessKeyId"] == "ASIAEXAMPLE"
    assert answer.json()["SecretAccessKey"] == "the-secret-key"
    assert answer.json()["Token"] == "the-session-token"
    assert answer.json()["Expiration"] == "2030-01-01T13:00:00Z"
    assert sessions.plans[0].duration.total_seconds() == 3600
    assert len(audit.grants) == 1


def test_a_shorter_time_may_be_asked_for(
    client: TestClient, token: str, sessions: RecordingSessions
):
    answer = client.get(
        "/credentials/report?DurationSeconds=900", headers={"Authorization": token}
    )

    assert answer.status_code == 200
    assert sessions.plans[0].duration.total_seconds() == 900


def test_it_is_for_as_long_as_the_function_allows(
    client: TestClient,
    token: str,
    sessions: RecordingSessions,
    catalogue: FixedCatalogue,
):
    catalogue.functions = (a_function("brief", "everyone", longest=1200),)

    answer = client.get("/credentials/brief", headers={"Authorization": token})

    assert answer.status_code == 200
    assert sessions.plans[0].duration.total_seconds() == 1200


@pytest.mark.parametrize(
    "query",
    [
        "DurationSeconds=x",
        "DurationSeconds=",
        "DurationSeconds=900.0",
        "DurationSeconds=9_00",
        "DurationSeconds=%20900",
        "DurationSeconds=%2B900",
        "DurationSeconds=" + "9" * 21,
        "a=1",
    ],
)
def test_nothing_else_may_be_asked_for(
    client: TestClient, token: str, query: str, sessions: RecordingSessions
):
    answer = client.get(
        f"/credentials/report?{query}", headers={"Authorization": token}
    )

    assert answer.status_code == 400
    assert answer.json() == {
        "Code": "InvalidRequest",
        "Message": "Only DurationSeconds can be asked for, a whole number",
    }
    assert sessions.plans == []


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ("", "Bearer"),
        ("Basic Og==", "Bearer"),
        ("junk", 'Bearer error="invalid_token"'),
        ("Bearer junk", 'Bearer error="invalid_token"'),
        ("Bearer a, Bearer b", 'Bearer error="invalid_token"'),
    ],
)
def test_a_refused_token_is_told_as_sdks_read_it(
    client: TestClient, header: str, challenge: str
):
    answer = client.get("/credentials/report", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == challenge
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "Code": "TokenRejected",
        "Message": "The access token was not accepted; log in again",
    }


def test_a_bare_token_is_taken_nowhere_else(client: TestClient, token: str):
    bare = {"Authorization": token}

    assert client.get("/credentials/report", headers=bare).status_code == 200
    assert client.get("/auth/me", headers=bare).status_code == 401
    assert client.post("/grant", headers=bare).status_code == 401


@pytest.mark.parametrize("function", ["report", "nonesuch", "a%2Fb", "\u20ac"])
def test_not_yours_and_not_there_look_the_same(
    client: TestClient, broker: Broker, function: str
):
    bob = {"Authorization": token_of(broker, "bob")}

    answer = client.get(f"/credentials/{function}", headers=bob)

    assert answer.status_code in {403, 404}
    if answer.status_code == 403:
        assert answer.json()["Code"] == "FunctionNotAvailable"


def test_what_passes_says_when_to_come_back(
    client: TestClient, token: str, sessions: RecordingSessions
):
    sessions.broken = SessionsUnavailableError(retry_after_seconds=2)

    answer = client.get("/credentials/report", headers={"Authorization": token})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["Code"] == "SessionsUnavailable"
