"""Log in, and be known by a token: of the one header, and no other place."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.broker import Broker
from app.domain.errors import TooBusyError, UsersUnavailableError
from app.domain.identity import Identity
from app.web import problems
from tests.fakes import NOON, Clock, KnownUsers, LoginsInMemory, a_bearer

FORM = {"username": "alice", "password": "correct"}
ALICE = Identity(issuer="local", subject="alice")


def test_a_login_is_a_token_for_a_quarter_of_an_hour_and_one_to_renew_it(
    client: TestClient,
):
    answer = client.post("/auth/login", data=FORM)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body.keys() == {
        *("access_token", "token_type", "expires_in"),
        *("refresh_token", "refresh_token_expires_in"),
    }
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 900
    assert 43199 <= body["refresh_token_expires_in"] <= 43200


def test_the_form_of_swagger_ui_is_taken_with_all_its_fields(client: TestClient):
    form = {**FORM, "grant_type": "password", "scope": "", "client_id": "x"}

    answer = client.post(
        "/auth/login", data=form, headers={"Authorization": "Basic Og=="}
    )

    assert answer.status_code == 200


def refused_with(answer: Response, error: str) -> dict[str, object]:
    """Check an answer of OAuth2's (RFC 6749, section 5.2) and give the rest of it."""
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert "WWW-Authenticate" not in answer.headers
    assert "Retry-After" not in answer.headers
    body: dict[str, object] = answer.json()
    assert body.pop("request_id") == answer.headers["X-Request-Id"]
    assert body.pop("error") == error
    assert body.pop("status") == 400
    description = body.pop("error_description")
    assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+", str(description))
    return body


def test_a_login_is_refused_without_a_hint(client: TestClient):
    forms = [
        {**FORM, "password": "incorrect"},
        {**FORM, "username": "nobody"},
        {**FORM, "username": "Not a username!"},
    ]

    answers = [client.post("/auth/login", data=form) for form in forms]

    for answer in answers:
        assert refused_with(answer, "invalid_grant") == {
            "type": "urn:aikagi:problem:login-refused",
            "title": "Wrong username or password",
        }
        assert answer.json()["error_description"] == "Wrong username or password"
        del answer.headers["X-Request-Id"]
        assert answer.headers == answers[0].headers
    assert client.post("/auth/login", data=FORM).status_code == 200


def test_a_one_time_password_gives_no_login_and_says_so_only_when_it_is_right(
    client: TestClient, users: KnownUsers, logins: LoginsInMemory
):
    users.one_time.add(ALICE)

    refused = client.post("/auth/login", data=FORM)
    wrong = client.post("/auth/login", data={**FORM, "password": "incorrect"})

    assert refused_with(refused, "invalid_grant") == {
        "type": "urn:aikagi:problem:password-change-required",
        "title": "This password was for once; change it, then log in",
    }
    assert wrong.json()["type"] == "urn:aikagi:problem:login-refused"
    assert logins.by_id == {}

    assert change(client).status_code == 204
    assert client.post("/auth/login", data=CHANGED).status_code == 200


CHANGED = {"username": "alice", "password": "another-1871"}


def change(client: TestClient, **changes: str) -> Response:
    return client.post(
        "/auth/password", data={**FORM, "new_password": "another-1871", **changes}
    )


def test_a_password_is_changed_by_whoever_knows_it_and_ends_the_logins_before(
    client: TestClient, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    before = pair_of(client)

    answer = change(client)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    refused_with(client.post("/auth/login", data=FORM), "invalid_grant")
    after = client.post("/auth/login", data=CHANGED).json()
    refused_with(refresh(client, before["refresh_token"]), "invalid_grant")
    assert refresh(client, after["refresh_token"]).status_code == 200
    assert "correct" not in caplog.text
    assert "another-1871" not in caplog.text


def test_who_does_not_know_the_password_cannot_tell_why_it_is_not_changed(
    client: TestClient, users: KnownUsers
):
    before = dict(users.passwords)
    answers = [
        change(client, password="incorrect"),
        change(client, username="nobody"),
        change(client, username="Not a username!"),
        client.post("/auth/login", data={**FORM, "password": "incorrect"}),
    ]

    for answer in answers:
        assert refused_with(answer, "invalid_grant") == {
            "type": "urn:aikagi:problem:login-refused",
            "title": "Wrong username or password",
        }
        del answer.headers["X-Request-Id"]
        assert answer.headers == answers[0].headers
    assert users.passwords == before
    assert change(client).status_code == 204


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("new_password", "said"),
    [
        pytest.param("short", "a password has 8 to 1024 bytes", id="too short"),
        pytest.param("correct", "the new password is the old one", id="the same"),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said_to_anybody(
    client: TestClient, users: KnownUsers, known: bool, new_password: str, said: str
):
    username = "alice" if known else "nobody"

    answer = change(client, username=username, new_password=new_password)

    assert refused_with(answer, "invalid_request") == {
        "type": "urn:aikagi:problem:new-password-refused",
        "title": "The new password cannot be taken",
        "detail": said,
    }
    assert users.passwords[ALICE] == "correct"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"new_password": ""}, id="empty"),
        pytest.param({"new_password": "x" * 1025}, id="too long"),
        pytest.param({"admin": "another-1871"}, id="an unknown field"),
    ],
)
def test_a_malformed_change_is_refused_and_echoes_nothing(
    client: TestClient, users: KnownUsers, changes: dict[str, str]
):
    answer = change(client, **changes)

    assert refused_with(answer, "invalid_request")["type"] == "about:blank"
    for said in ("correct", "another", "xxxx", "admin", "alice"):
        assert said not in answer.text
    assert users.passwords[ALICE] == "correct"


def test_a_password_is_changed_by_a_form_alone(client: TestClient):
    answer = client.post("/auth/password", json={**FORM, "new_password": "another-1"})

    refused_with(answer, "invalid_request")
    assert change(client).status_code == 204


@pytest.mark.parametrize(
    ("conflicts", "status"),
    [pytest.param(1, 204, id="once"), pytest.param(2, 400, id="twice")],
)
def test_a_user_who_changes_meanwhile_is_checked_again(
    client: TestClient, users: KnownUsers, conflicts: int, status: int
):
    replace, tried = users.replace_password, []

    def contended(*of: Any) -> bool:
        tried.append(of)
        return len(tried) > conflicts and replace(*of)

    users.replace_password = contended  # type: ignore[assignment,method-assign] # to interfere

    assert change(client).status_code == status
    assert len(tried) == 2


def test_of_two_changes_at_once_one_is_refused_as_the_other_has_it(
    client: TestClient, users: KnownUsers
):
    replace = users.replace_password

    def overtaken(*of: Any) -> bool:
        users.passwords[ALICE] = "somebody-elses"
        return replace(*of)

    users.replace_password = overtaken  # type: ignore[assignment,method-assign] # to interfere

    refused_with(change(client), "invalid_grant")
    assert users.passwords[ALICE] == "somebody-elses"


FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
LOGIN = b"username=alice&password=correct"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"username=alice", "invalid_request", id="no password"),
        pytest.param(b"password=correct", "invalid_request", id="no username"),
        pytest.param(
            b"username=&password=correct", "invalid_request", id="an empty username"
        ),
        pytest.param(
            LOGIN + b"&grant_type=implicit", "unsupported_grant_type", id="a grant"
        ),
        pytest.param(
            b"grant_type=implicit", "unsupported_grant_type", id="a grant and no more"
        ),
        pytest.param(
            b"username=alice&password=" + b"x" * 1025, "invalid_request", id="too long"
        ),
        pytest.param(LOGIN + b"&username=bob", "invalid_request", id="twice"),
        pytest.param(
            LOGIN + b"&scope=admin&scope=admin", "invalid_request", id="ignored, twice"
        ),
        pytest.param(
            LOGIN + b"&a=admin&a=admin", "invalid_request", id="unknown, twice"
        ),
        pytest.param(b"username=alice&password=%ff", "invalid_request", id="not UTF-8"),
        pytest.param(b"username=alice&password=%zz", "invalid_request", id="no escape"),
        pytest.param(
            b"username=alice&password=\xff", "invalid_request", id="raw bytes"
        ),
        pytest.param(
            b"&".join(b"a%d=b" % n for n in range(21)),
            "invalid_request",
            id="many fields",
        ),
        pytest.param(b"", "invalid_request", id="nothing"),
    ],
)
def test_a_malformed_login_is_refused_as_oauth2_says_and_echoes_nothing(
    client: TestClient, body: bytes, error: str
):
    answer = client.post("/auth/login", content=body, headers=FORM_TYPE)

    problem = refused_with(answer, error)
    assert (problem["type"], problem["title"]) == ("about:blank", "Bad Request")
    for said in ("correct", "admin", "implicit", "xxxx", "alice"):
        assert said not in answer.text
    assert client.post("/auth/login", content=LOGIN, headers=FORM_TYPE).is_success


def test_a_refusal_names_the_parameters_that_are_wrong(client: TestClient):
    form = {"username": "a" * 257, "grant_type": "implicit"}

    answer = client.post("/auth/login", data=form)

    assert answer.json()["error_description"] == (
        "username: String should have at most 256 characters; password: Field required;"
        " grant_type: Input should be 'password'"
    )
    assert answer.json()["errors"][1] == {
        "pointer": "#/password",
        "detail": "Field required",
    }


@pytest.mark.parametrize("more", ["audience=x", "admin=1", "a=" + "b" * 60_000, "=&x"])
def test_a_login_ignores_parameters_that_it_does_not_know(
    client: TestClient, more: str
):
    body = LOGIN + b"&" + more.encode()

    answer = client.post("/auth/login", content=body, headers=FORM_TYPE)

    assert answer.status_code == 200


def test_a_parameter_without_a_value_is_as_good_as_none(client: TestClient):
    body = b"grant_type=&scope=&client_secret=&" + LOGIN

    answer = client.post("/auth/login", content=body, headers=FORM_TYPE)

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/auth/login", "/auth/password", "/auth/refresh"])
def test_a_form_too_large_is_a_problem_before_it_is_a_form(
    client: TestClient, path: str
):
    answer = client.post(path, content=b"x" * (64 * 1024 + 1), headers=FORM_TYPE)

    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "multipart/form-data; boundary=x", "text/plain", ""],
)
def test_only_a_form_is_taken_for_a_login(client: TestClient, media_type: str):
    answer = client.post(
        "/auth/login", content=LOGIN, headers={"Content-Type": media_type}
    )

    assert refused_with(answer, "invalid_request")["detail"] == (
        "The body has to be application/x-www-form-urlencoded, in UTF-8."
    )


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


@pytest.mark.parametrize("path", ["/auth/login", "/auth/password"])
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
    path: str,
):
    users.broken = broken
    form = {**FORM, "new_password": "another-1871"} if "password" in path else FORM

    answer = client.post(path, data=form)

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Retry-After"] == str(broken.retry_after_seconds)
    body = answer.json()
    assert body["type"] == f"urn:aikagi:problem:{code}"
    assert body["status"] == 503
    assert body["error"] == "temporarily_unavailable"
    assert body["error_description"] == body["title"] == broken.title


def test_too_often_keeps_its_status_and_says_when_to_come_back(
    app: FastAPI, users: KnownUsers, monkeypatch: pytest.MonkeyPatch
):
    # No client that compares it with the description, which gives the usual status.
    client = TestClient(app)
    statuses = {**problems.STATUS, TooBusyError: HTTPStatus.TOO_MANY_REQUESTS}
    monkeypatch.setattr(problems, "STATUS", statuses)
    users.broken = TooBusyError(retry_after_seconds=4)

    answer = client.post("/auth/login", data=FORM)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "4"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error"] == "temporarily_unavailable"


def test_a_description_keeps_to_the_characters_of_oauth2(
    client: TestClient, users: KnownUsers
):
    users.broken = TooBusyError('a "quote", a \\ and a \u00e4')

    body = client.post("/auth/login", data=FORM).json()

    assert body["detail"] == 'a "quote", a \\ and a \u00e4'
    assert body["error_description"] == "a ?quote?, a ? and a ?"


def token_of(broker: Broker, subject: str = "alice") -> str:
    return broker.tokens.mint(a_bearer(subject)).text


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


NOTHING_PRESENTED = "Bearer"
REJECTED = 'Bearer error="invalid_token"'


def test_a_token_anywhere_else_or_twice_is_refused(client: TestClient, broker: Broker):
    token = token_of(broker)
    bearer = ("Authorization", f"Bearer {token}")

    missing = [
        client.get("/auth/me"),
        client.get("/auth/me", params={"access_token": token}),
        client.get("/auth/me", headers={"Cookie": f"access_token={token}"}),
        client.get("/auth/me", headers={"Authorization": token}),
        client.get("/auth/me", headers={"Authorization": f"Basic {token}"}),
        client.get("/auth/me", headers={"Authorization": f"Bearers {token}"}),
    ]
    rejected = [
        client.get("/auth/me", headers={"Authorization": "Bearer forged"}),
        client.get("/auth/me", headers=[bearer, bearer]),
        client.get("/auth/me", headers=[bearer, ("Authorization", "Basic Og==")]),
        client.get("/auth/me", headers={"Authorization": f"Bearer {token}, x"}),
        client.get("/auth/me", headers={"Authorization": f"Bearer  {token}"}),
        client.get("/auth/me", headers={"Authorization": "bearer "}),
        client.get("/auth/me", headers=[(b"Authorization", b"Bearer \xff")]),
    ]

    # RFC 6750, section 3.1: an error code only for what was presented.
    challenges = [answer.headers["WWW-Authenticate"] for answer in missing + rejected]
    assert challenges == [NOTHING_PRESENTED] * len(missing) + [REJECTED] * len(rejected)
    for answer in missing + rejected:
        assert answer.status_code == 401
        assert {**answer.json(), "request_id": ""} == {
            "type": "urn:aikagi:problem:token-rejected",
            "title": "The access token was not accepted; log in again",
            "status": 401,
            "request_id": "",
        }
    assert client.get("/auth/me", headers=[bearer]).status_code == 200


def test_a_user_taken_away_is_out_at_the_next_request(
    client: TestClient, broker: Broker, users: KnownUsers
):
    headers = {"Authorization": f"Bearer {token_of(broker)}"}
    assert client.get("/auth/me", headers=headers).status_code == 200

    users.by_identity.clear()

    answer = client.get("/auth/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == REJECTED


def test_a_token_that_has_expired_is_refused(
    client: TestClient, broker: Broker, clock: Clock
):
    headers = {"Authorization": f"Bearer {token_of(broker)}"}

    clock.advance(minutes=15)

    assert clock.now > NOON
    answer = client.get("/auth/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == REJECTED


def pair_of(client: TestClient) -> dict[str, str]:
    answer = client.post("/auth/login", data=FORM)
    assert answer.status_code == 200
    pair: dict[str, str] = answer.json()
    return pair


def refresh(client: TestClient, token: str, **more: str) -> Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return client.post("/auth/refresh", data=form)


def is_known(client: TestClient, pair: dict[str, str]) -> bool:
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    return client.get("/auth/me", headers=bearer).status_code == 200


def test_a_refresh_token_is_traded_for_a_new_pair(client: TestClient, clock: Clock):
    first = pair_of(client)
    clock.advance(minutes=20)
    assert not is_known(client, first)

    answer = refresh(client, first["refresh_token"])

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    second = answer.json()
    assert second.keys() == first.keys()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert second["expires_in"] == 900
    assert second["refresh_token_expires_in"] == 43200
    assert is_known(client, second)
    assert refresh(client, second["refresh_token"]).status_code == 200


def test_the_same_token_again_has_the_same_successor_for_ten_seconds(
    client: TestClient, clock: Clock
):
    first = pair_of(client)
    second = refresh(client, first["refresh_token"]).json()
    clock.advance(seconds=9)

    again = refresh(client, first["refresh_token"])

    assert again.status_code == 200
    assert again.json()["refresh_token"] == second["refresh_token"]
    assert again.json()["refresh_token_expires_in"] == 43200 - 9
    assert is_known(client, again.json())


def test_the_fields_of_oauth_clients_are_taken_and_their_header_ignored(
    client: TestClient,
):
    form = {
        "grant_type": "refresh_token",
        "refresh_token": pair_of(client)["refresh_token"],
        "scope": "",
        "client_id": "x",
        "client_secret": "y",
    }

    answer = client.post(
        "/auth/refresh", data=form, headers={"Authorization": "Basic Og=="}
    )

    assert answer.status_code == 200


def ended_by_reuse(client: TestClient, clock: Clock) -> str:
    token = pair_of(client)["refresh_token"]
    refresh(client, token)
    clock.advance(seconds=11)
    return token


def ended_by_logout(client: TestClient, _: Clock) -> str:
    pair = pair_of(client)
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    client.post("/auth/logout", headers=bearer)
    return pair["refresh_token"]


def ended_by_idleness(client: TestClient, clock: Clock) -> str:
    token = pair_of(client)["refresh_token"]
    clock.advance(hours=13)
    return token


def made_up(client: TestClient, _: Clock) -> str:
    token = pair_of(client)["refresh_token"]
    return "0" * 32 + token[32:]


@pytest.mark.parametrize(
    "dead",
    [
        pytest.param(ended_by_reuse, id="reused"),
        pytest.param(ended_by_logout, id="logged out"),
        pytest.param(ended_by_idleness, id="idle"),
        pytest.param(made_up, id="made up"),
        pytest.param(lambda *_: "junk", id="malformed"),
        pytest.param(
            lambda client, _: pair_of(client)["access_token"][:256], id="another kind"
        ),
    ],
)
def test_every_refusal_to_renew_is_the_same(
    client: TestClient, clock: Clock, dead: Callable[[TestClient, Clock], str]
):
    token = dead(client, clock)

    answer = refresh(client, token)

    assert refused_with(answer, "invalid_grant") == {
        "type": "urn:aikagi:problem:login-ended",
        "title": "This login has ended; log in again",
    }
    assert is_known(client, pair_of(client))


RENEWAL = b"grant_type=refresh_token&refresh_token=t0ken"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"", "invalid_request", id="nothing"),
        pytest.param(b"grant_type=refresh_token", "invalid_request", id="no token"),
        pytest.param(b"refresh_token=t0ken", "invalid_request", id="no grant type"),
        pytest.param(
            b"grant_type=&refresh_token=t0ken", "invalid_request", id="an empty one"
        ),
        pytest.param(
            b"grant_type=password&refresh_token=t0ken",
            "unsupported_grant_type",
            id="a grant",
        ),
        pytest.param(
            b"grant_type=refresh_token&refresh_token=", "invalid_request", id="empty"
        ),
        pytest.param(RENEWAL + b"x" * 252, "invalid_request", id="too long"),
        pytest.param(RENEWAL + b"&refresh_token=t0ken", "invalid_request", id="twice"),
        pytest.param(RENEWAL + b"%", "invalid_request", id="no escape"),
    ],
)
def test_a_malformed_renewal_is_refused_as_oauth2_says_and_echoes_nothing(
    client: TestClient, body: bytes, error: str
):
    answer = client.post("/auth/refresh", content=body, headers=FORM_TYPE)

    assert refused_with(answer, error)["type"] == "about:blank"
    for said in ("t0ken", "xxxx"):
        assert said not in answer.text
    # The nearest that is no fault of form.
    nearest = client.post("/auth/refresh", content=RENEWAL, headers=FORM_TYPE)
    refused_with(nearest, "invalid_grant")


def test_a_renewal_ignores_parameters_that_it_does_not_know(client: TestClient):
    token = pair_of(client)["refresh_token"]

    assert refresh(client, token, audience="x", admin="1").status_code == 200


def test_a_renewal_takes_only_a_form(client: TestClient):
    token = pair_of(client)["refresh_token"]
    body = {"grant_type": "refresh_token", "refresh_token": token}

    answer = client.post("/auth/refresh", json=body)

    refused_with(answer, "invalid_request")
    assert refresh(client, token).status_code == 200


@pytest.mark.parametrize("path", ["login", "refresh", "logout"])
def test_a_table_that_is_away_is_503_and_never_a_refusal(
    client: TestClient, logins: LoginsInMemory, path: str
):
    pair = pair_of(client)
    logins.broken = UsersUnavailableError(retry_after_seconds=2)

    def ask() -> Response:
        if path == "login":
            return client.post("/auth/login", data=FORM)
        if path == "refresh":
            return refresh(client, pair["refresh_token"])
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        return client.post("/auth/logout", headers=bearer)

    answer = ask()
    logins.broken = None

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["type"] == "urn:aikagi:problem:users-unavailable"
    assert ask().status_code in {200, 204}


def test_logging_out_ends_this_login_and_no_other(client: TestClient):
    one, other = pair_of(client), pair_of(client)
    renewed = refresh(client, one["refresh_token"]).json()
    bearer = {"Authorization": f"Bearer {renewed['access_token']}"}

    first = client.post("/auth/logout", headers=bearer)
    again = client.post("/auth/logout", headers=bearer)

    assert (first.status_code, again.status_code) == (204, 204)
    assert first.content == b""
    assert first.headers["Cache-Control"] == "no-store"
    refused_with(refresh(client, renewed["refresh_token"]), "invalid_grant")
    assert refresh(client, other["refresh_token"]).status_code == 200


def test_a_login_that_is_gone_is_logged_out_of_all_the_same(
    client: TestClient, logins: LoginsInMemory
):
    bearer = {"Authorization": f"Bearer {pair_of(client)['access_token']}"}
    logins.by_id.clear()

    assert client.post("/auth/logout", headers=bearer).status_code == 204


def test_only_an_access_token_logs_out(client: TestClient):
    pair = pair_of(client)

    refused = [
        client.post("/auth/logout"),
        client.post(
            "/auth/logout", headers={"Authorization": f"Bearer {pair['refresh_token']}"}
        ),
    ]

    assert [answer.status_code for answer in refused] == [401, 401]
    assert refresh(client, pair["refresh_token"]).status_code == 200


@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
def test_logging_out_takes_no_notice_of_a_body(client: TestClient, media_type: str):
    pair = pair_of(client)
    headers = {"Content-Type": media_type}
    assert client.post("/auth/logout", content="{", headers=headers).status_code == 401
    headers["Authorization"] = f"Bearer {pair['access_token']}"

    answer = client.post("/auth/logout", content="{", headers=headers)

    assert answer.status_code == 204
    refused_with(refresh(client, pair["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("path", ["/auth/password", "/auth/refresh", "/auth/logout"])
def test_pages_elsewhere_may_stay_logged_in_as_they_may_log_in(
    client: TestClient, path: str
):
    asking = {
        "Origin": "https://desk.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    assert client.options(path, headers=asking).status_code == 200
    answer = client.post(path, headers={"Origin": "https://desk.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://desk.example"
