"""Log in, and be known by a token: of the one header, and no other place."""

import pytest
from fastapi.testclient import TestClient

from app.broker import Broker
from app.domain.errors import TooBusyError, UsersUnavailableError
from app.domain.identity import Identity
from tests.fakes import NOON, Clock, KnownUsers

FORM = {"username": "alice", "password": "correct"}


def test_a_login_is_an_access_token_for_a_quarter_of_an_hour(client: TestClient):
    answer = client.post("/auth/login", data=FORM)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body.keys() == {"access_token", "token_type", "expires_in"}
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 900


def test_the_form_of_swagger_ui_is_taken_with_all_its_fields(client: TestClient):
    form = {**FORM, "grant_type": "password", "scope": "", "client_id": "x"}

    answer = client.post(
        "/auth/login", data=form, headers={"Authorization": "Basic Og=="}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({**FORM, "password": "incorrect"}, id="a wrong password"),
        pytest.param({**FORM, "username": "nobody"}, id="an unknown user"),
    ],
)
def test_a_login_is_refused_without_a_hint(client: TestClient, form: dict[str, str]):
    answer = client.post("/auth/login", data=form)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem.pop("request_id") == answer.headers["X-Request-Id"]
    assert problem == {
        "type": "urn:aikagi:problem:login-refused",
        "title": "Wrong username or password",
        "status": 401,
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"username=alice", 422, id="no password"),
        pytest.param(b"password=correct", 422, id="no username"),
        pytest.param(b"username=&password=correct", 422, id="an empty username"),
        pytest.param(
            b"username=alice&password=correct&admin=1", 422, id="an unknown field"
        ),
        pytest.param(
            b"username=alice&password=correct&grant_type=implicit", 422, id="a grant"
        ),
        pytest.param(b"username=alice&password=" + b"x" * 1025, 422, id="too long"),
        pytest.param(b"username=alice&username=bob&password=correct", 400, id="twice"),
        pytest.param(b"username=alice&password=%ff", 400, id="not UTF-8"),
        pytest.param(b"username=alice&password=%zz", 400, id="no escape"),
        pytest.param(b"username=alice&password=\xff", 400, id="raw bytes"),
        pytest.param(b"&".join(b"a%d=b" % n for n in range(21)), 400, id="many fields"),
        pytest.param(b"x" * (64 * 1024 + 1), 413, id="too large"),
        pytest.param(b"", 422, id="nothing"),
    ],
)
def test_a_malformed_form_is_a_problem_that_echoes_nothing(
    client: TestClient, body: bytes, status: int
):
    answer = client.post(
        "/auth/login",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    for said in ("correct", "admin", "implicit", "xxxx", "alice"):
        assert said not in answer.text


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "multipart/form-data; boundary=x", "text/plain", ""],
)
def test_only_a_form_is_taken_for_a_login(client: TestClient, media_type: str):
    body = b"username=alice&password=correct"

    answer = client.post(
        "/auth/login", content=body, headers={"Content-Type": media_type}
    )

    assert answer.status_code == 415


def test_a_password_goes_to_the_check_exactly_as_typed(
    client: TestClient, users: KnownUsers
):
    typed: list[str] = []
    authenticate = users.authenticate

    def listening(username: str, password: str) -> object:
        typed.append(password)
        return authenticate(username, password)

    users.authenticate = listening  # type: ignore[assignment,method-assign] # to listen
    client.post("/auth/login", data={"username": "alice", "password": " ä+%&= \u3000"})

    assert typed == [" ä+%&= \u3000"]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (UsersUnavailableError(retry_after_seconds=2), "users-unavailable"),
        (TooBusyError(retry_after_seconds=1), "too-busy"),
    ],
)
def test_what_passes_is_503_and_says_when_to_come_back(
    client: TestClient,
    users: KnownUsers,
    broken: UsersUnavailableError | TooBusyError,
    code: str,
):
    users.broken = broken

    answer = client.post("/auth/login", data=FORM)

    assert answer.status_code == 503
    assert answer.json()["type"] == f"urn:aikagi:problem:{code}"
    assert answer.headers["Retry-After"] == str(broken.retry_after_seconds)


def token_of(broker: Broker, subject: str = "alice") -> str:
    return broker.tokens.mint(Identity(issuer="local", subject=subject)).text


def test_a_token_tells_who_one_is(client: TestClient, broker: Broker):
    answer = client.get(
        "/auth/me", headers={"Authorization": f"Bearer {token_of(broker)}"}
    )

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "issuer": "local",
        "subject": "alice",
        "groups": ["everyone", "research"],
        "session_name": "local+alice",
    }


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_bearer_in_any_case(
    client: TestClient, broker: Broker, scheme: str
):
    answer = client.get(
        "/auth/me", headers={"Authorization": f"{scheme} {token_of(broker)}"}
    )

    assert answer.status_code == 200


def test_a_token_anywhere_else_or_twice_is_refused(client: TestClient, broker: Broker):
    token = token_of(broker)
    bearer = ("Authorization", f"Bearer {token}")

    requests = [
        client.get("/auth/me"),
        client.get("/auth/me", params={"access_token": token}),
        client.get("/auth/me", headers={"Cookie": f"access_token={token}"}),
        client.get("/auth/me", headers=[bearer, bearer]),
        client.get("/auth/me", headers={"Authorization": token}),
        client.get("/auth/me", headers={"Authorization": f"Basic {token}"}),
        client.get("/auth/me", headers={"Authorization": f"Bearer {token}, x"}),
        client.get("/auth/me", headers={"Authorization": f"Bearer  {token}"}),
        client.get("/auth/me", headers={"Authorization": "Bearer "}),
        client.get("/auth/me", headers=[(b"Authorization", b"Bearer \xff")]),
    ]

    assert [answer.status_code for answer in requests] == [401] * len(requests)
    bodies = [{**answer.json(), "request_id": ""} for answer in requests]
    assert bodies == [bodies[0]] * len(bodies)


def test_a_user_taken_away_is_out_at_the_next_request(
    client: TestClient, broker: Broker, users: KnownUsers
):
    headers = {"Authorization": f"Bearer {token_of(broker)}"}
    assert client.get("/auth/me", headers=headers).status_code == 200

    users.by_identity.clear()

    assert client.get("/auth/me", headers=headers).status_code == 401


def test_a_token_that_has_expired_is_refused(
    client: TestClient, broker: Broker, clock: Clock
):
    headers = {"Authorization": f"Bearer {token_of(broker)}"}

    clock.advance(minutes=15)

    assert clock.now > NOON
    assert client.get("/auth/me", headers=headers).status_code == 401
