"""What a limited login is answered, and that it tells nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.broker import Broker
from app.domain.errors import UsersUnavailableError
from app.web.application import create_app
from tests.fakes import AttemptsInMemory, Clock

NAMES = ("alice", "nobody", "Not a username!")


def log_in(
    client: TestClient, username: str = "alice", password: str = "wrong", **more: Any
) -> Response:
    form = {"username": username, "password": password}
    return client.post("/auth/login", data=form, **more)


def test_a_limited_login_is_a_problem_and_an_oauth2_error_with_the_time_to_wait(
    client: TestClient,
):
    for _ in range(10):
        assert log_in(client).status_code == 400

    answer = log_in(client)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "type": "urn:aikagi:problem:login-limited",
        "title": "Too many failed attempts to log in; wait before the next",
        "status": 429,
        "request_id": answer.headers["X-Request-Id"],
        "error": "temporarily_unavailable",
        "error_description": "Too many failed attempts to log in; wait before the next",
    }


def test_limited_logins_are_alike_whoever_is_named_and_whatever_is_typed(
    client: TestClient, clock: Clock
):
    answers = []
    for name in NAMES:
        for _ in range(10):
            assert log_in(client, name).status_code == 400
        answers += [log_in(client, name), log_in(client, name, "correct")]

    for answer in answers:
        assert answer.status_code == 429
        request_id = answer.headers.pop("X-Request-Id")
        assert answer.headers == answers[0].headers
        assert {**answer.json(), "request_id": request_id} == answer.json()
        assert answer.json().keys() == answers[0].json().keys()
    clock.advance(seconds=1)
    assert log_in(client, "alice", "correct").status_code == 200


def change(client: TestClient, password: str) -> Response:
    form = {"username": "alice", "password": password, "new_password": "through-1871"}
    return client.post("/auth/password", data=form)


def test_a_change_of_a_password_is_a_try_like_a_login(client: TestClient, clock: Clock):
    for _ in range(5):
        assert log_in(client).status_code == 400
        assert change(client, "wrong").status_code == 400

    answers = [log_in(client), change(client, "wrong"), change(client, "correct")]

    for answer in answers:
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["type"] == "urn:aikagi:problem:login-limited"
    clock.advance(seconds=1)
    assert change(client, "correct").status_code == 204


def test_pages_of_other_origins_may_read_how_long_to_wait(client: TestClient):
    origin = {"Origin": "https://desk.example"}
    for _ in range(10):
        log_in(client)

    answer = log_in(client, headers=origin)

    assert answer.status_code == 429
    assert answer.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert "retry-after" in exposed


def test_no_header_makes_another_source(client: TestClient):
    said = [
        log_in(client, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
        for n in range(11)
    ]

    assert said == [400] * 10 + [429]


@pytest.fixture
def elsewhere(broker: Broker) -> Iterator[TestClient]:
    """A client at another address, of the same broker."""
    with TestClient(create_app(broker), client=("198.51.100.20", 50000)) as client:
        yield client


def test_another_address_is_another_source(client: TestClient, elsewhere: TestClient):
    for _ in range(10):
        log_in(client)

    assert log_in(client, password="correct").status_code == 429
    assert log_in(elsewhere, password="correct").status_code == 200


def test_a_table_that_is_away_is_503_and_neither_a_limit_nor_a_refusal(
    client: TestClient, attempts: AttemptsInMemory
):
    attempts.broken = UsersUnavailableError(retry_after_seconds=2)

    for password in ("wrong", "correct"):
        answer = log_in(client, password=password)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        assert answer.json()["type"] == "urn:aikagi:problem:users-unavailable"


def test_limits_are_of_logging_in_and_of_nothing_else(client: TestClient):
    pair = log_in(client, password="correct").json()
    for _ in range(11):
        limited = log_in(client)
    assert limited.status_code == 429

    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    form = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    assert client.get("/auth/me", headers=bearer).status_code == 200
    grant = client.post("/grant", json={"FunctionName": "hello"}, headers=bearer)
    assert grant.status_code == 200
    assert client.post("/auth/refresh", data=form).status_code == 200
