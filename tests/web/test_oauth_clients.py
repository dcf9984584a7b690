"""OAuth2 clients that know nothing of this broker log in, stay so, and are refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from fastapi import FastAPI
from oauthlib.oauth2 import (
    InvalidGrantError,
    LegacyApplicationClient,
    OAuth2Error,
    TemporarilyUnavailableError,
)
from requests_oauthlib import OAuth2Session

from app.domain.errors import UsersUnavailableError
from tests.fakes import KnownUsers, LoginsInMemory
from tests.web.serving import serving

ALICE = {"username": "alice", "password": "correct"}
WRONG = {**ALICE, "password": "incorrect"}


@pytest.fixture
def served(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with serving(app) as base:
        yield base


class RequestsOAuthlib:
    """requests-oauthlib, which renews by itself where it is told of a URL for that."""

    refusals = OAuth2Error

    def __init__(self, base: str) -> None:
        self.base = base
        self.updates: list[dict[str, Any]] = []
        self.session = OAuth2Session(
            client=LegacyApplicationClient(client_id="a-client"),
            auto_refresh_url=f"{base}/auth/refresh",
            auto_refresh_kwargs={"client_id": "a-client", "audience": "anything"},
            token_updater=self.updates.append,
        )
        self.session.trust_env = False

    def log_in(self, **form: str) -> dict[str, Any]:
        url = f"{self.base}/auth/login"
        return dict(self.session.fetch_token(url, **form))

    def refresh(self, token: str) -> dict[str, Any]:
        url = f"{self.base}/auth/refresh"
        return dict(self.session.refresh_token(url, refresh_token=token))

    def let_expire(self) -> None:
        self.session.token = {**self.session.token, "expires_at": 1}

    def me(self) -> Any:
        return self.session.get(f"{self.base}/auth/me").json()

    def grant(self, function: str) -> Any:
        wanted = {"FunctionName": function}
        return self.session.post(f"{self.base}/grant", json=wanted).json()

    def close(self) -> None:
        self.session.close()


class Authlib:
    """Authlib, which renews by itself at its token endpoint."""

    refusals = OAuthError

    def __init__(self, base: str) -> None:
        self.base = base
        self.updates: list[dict[str, Any]] = []
        self.client = OAuth2Client(
            client_id="a-client",
            token_endpoint=f"{base}/auth/refresh",
            update_token=lambda token, **_: self.updates.append(token),
            trust_env=False,
        )

    def log_in(self, **form: str) -> dict[str, Any]:
        return dict(self.client.fetch_token(f"{self.base}/auth/login", **form))

    def refresh(self, token: str) -> dict[str, Any]:
        return dict(self.client.refresh_token(refresh_token=token))

    def let_expire(self) -> None:
        self.client.token = {**self.client.token, "expires_at": 1}

    def me(self) -> Any:
        return self.client.get(f"{self.base}/auth/me").json()

    def grant(self, function: str) -> Any:
        wanted = {"FunctionName": function}
        return self.client.post(f"{self.base}/grant", json=wanted).json()

    def close(self) -> None:
        self.client.close()


@pytest.fixture(params=[RequestsOAuthlib, Authlib])
def oauth(
    request: pytest.FixtureRequest, served: str
) -> Iterator[RequestsOAuthlib | Authlib]:
    client = request.param(served)
    yield client
    client.close()


def test_a_client_logs_in_with_parameters_of_its_own(
    oauth: RequestsOAuthlib | Authlib,
):
    token = oauth.log_in(**ALICE, audience="anything")

    assert token["token_type"] == "bearer"
    assert oauth.me()["session_name"] == "local+alice"
    assert oauth.updates == []


def test_a_client_renews_by_itself_when_its_token_has_expired(
    oauth: RequestsOAuthlib | Authlib,
):
    first = oauth.log_in(**ALICE)
    oauth.let_expire()

    assert oauth.me()["session_name"] == "local+alice"

    [second] = oauth.updates
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    oauth.let_expire()
    assert oauth.grant("report")["FunctionName"] == "report"
    assert len(oauth.updates) == 2


def test_a_client_says_that_a_password_is_wrong(oauth: RequestsOAuthlib | Authlib):
    with pytest.raises(oauth.refusals) as refused:
        oauth.log_in(**WRONG)

    assert refused.value.error == "invalid_grant"
    assert refused.value.description == "Wrong username or password"
    assert oauth.log_in(**ALICE)["access_token"]


def test_a_client_says_that_a_login_has_ended(oauth: RequestsOAuthlib | Authlib):
    token = oauth.log_in(**ALICE)

    with pytest.raises(oauth.refusals) as refused:
        oauth.refresh("made-up")

    assert refused.value.error == "invalid_grant"
    assert refused.value.description == "This login has ended; log in again"
    assert oauth.refresh(token["refresh_token"])["access_token"]


def test_requests_oauthlib_names_its_errors_after_oauth2s(
    served: str, users: KnownUsers
):
    client = RequestsOAuthlib(served)

    with pytest.raises(InvalidGrantError):
        client.log_in(**WRONG)
    users.broken = UsersUnavailableError(retry_after_seconds=2)
    with pytest.raises(TemporarilyUnavailableError) as raised:
        client.log_in(**ALICE)
    users.broken = None

    assert raised.value.description == UsersUnavailableError.title
    assert client.log_in(**ALICE)["access_token"]
    client.close()


def test_a_login_of_a_client_can_be_ended(served: str, logins: LoginsInMemory):
    client = Authlib(served)
    client.log_in(**ALICE)
    assert client.client.post(f"{served}/auth/logout").status_code == 204
    client.let_expire()

    with pytest.raises(OAuthError, match="invalid_grant"):
        client.me()

    assert [login.ended_at is None for login in logins.by_id.values()] == [False]
    client.close()
