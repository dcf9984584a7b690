"""Tokens of other issuers, wherever the broker's own are taken."""

import asyncio
import dataclasses
import json
import threading
from concurrent.futures import Future
from typing import Any, Final

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.adapters.tokens.signature import PublicKey
from app.broker import Broker
from app.domain.errors import IssuerKeysUnavailableError, IssuersUnavailableError
from app.domain.identity import Identity
from app.http_api import handler_for
from tests.fakes import (
    NOON,
    FixedIssuers,
    KnownIssuerKeys,
    KnownUsers,
    RecordingAudit,
    RecordingSessions,
    a_bearer,
    an_issuer,
)
from tests.http_api_events import http_api_event
from tests.issuers.issuing import RsaKey

KEY: Final = RsaKey.generate("k1")
WORKER_THREADS: Final = 40
"""Of Starlette, which all requests share."""


def token(subject: str = "auth0|5f7", *groups: str, issuer: str = "corp") -> str:
    now = int(NOON.timestamp())
    return KEY.token(
        {
            "iss": f"https://{issuer}.example",
            "aud": "aikagi",
            "sub": subject,
            "iat": now,
            "exp": now + 3600,
            "groups": list(groups or ["staff"]),
        }
    )


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture(autouse=True)
def _known(issuers: FixedIssuers, issuer_keys: KnownIssuerKeys) -> None:
    issuers.issuers = (an_issuer("corp"), an_issuer("slow"))
    for alias in ("corp", "slow"):
        issuer_keys.by_name[alias, "k1"] = PublicKey(KEY.jwk)


def test_a_token_says_who_somebody_is(client: TestClient):
    answer = client.get("/auth/me", headers=bearer(token()))

    assert answer.status_code == 200
    assert answer.json() == {
        "issuer": "corp",
        "subject": "auth0|5f7",
        "groups": ["everyone"],
        "session_name": "corp+auth0=7C5f7",
    }


def test_a_token_lists_the_functions_of_its_groups(client: TestClient):
    mine = client.get("/functions", headers=bearer(token()))
    nobodys = client.get("/functions", headers=bearer(token("x", "unmapped")))

    assert [function["Name"] for function in mine.json()["Functions"]] == ["hello"]
    assert nobodys.json() == {"Functions": []}


def test_a_token_is_granted_a_session_under_its_name_and_recorded(
    client: TestClient, sessions: RecordingSessions, audit: RecordingAudit
):
    answer = client.post("/grant", headers=bearer(token()))

    assert answer.status_code == 200
    assert answer.json()["FunctionName"] == "hello"
    [plan] = sessions.plans
    assert plan.name == plan.source_identity == "corp+auth0=7C5f7"
    assert (plan.tags["issuer"], plan.tags["user"]) == ("corp", "auth0=7C5f7")
    [grant] = audit.grants
    assert grant.identity == Identity(issuer="corp", subject="auth0|5f7")


@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_an_sdk_sends_its_token_file_as_it_is(
    client: TestClient, sessions: RecordingSessions, scheme: str
):
    subject = "system:serviceaccount:prod:reports"

    answer = client.get(
        "/credentials/hello", headers={"Authorization": scheme + token(subject)}
    )

    assert answer.status_code == 200
    assert sessions.plans[0].name == "corp+system=3Aserviceaccount=3Aprod=3Areports"


def test_a_token_stands_bare_nowhere_else(client: TestClient):
    assert client.get("/auth/me", headers=bearer(token())).status_code == 200
    answer = client.get("/auth/me", headers={"Authorization": token()})
    assert answer.status_code == 401


def test_what_is_not_in_reach_is_as_if_it_were_not_there(client: TestClient):
    for name in ("report", "nothing"):
        answer = client.post(
            "/grant", json={"FunctionName": name}, headers=bearer(token())
        )
        assert answer.status_code == 403


def test_a_namesake_of_a_local_user_is_somebody_else(
    client: TestClient, broker: Broker, sessions: RecordingSessions, users: KnownUsers
):
    own = broker.tokens.mint(a_bearer("alice")).text

    for text in (own, token("alice")):
        granted = client.post(
            "/grant", json={"FunctionName": "hello"}, headers=bearer(text)
        )
        assert granted.status_code == 200
    assert [plan.name for plan in sessions.plans] == ["local+alice", "corp+alice"]

    # Nor does she lose anything by what becomes of the other.
    users.disabled.add(Identity(issuer="corp", subject="alice"))
    assert client.get("/auth/me", headers=bearer(own)).status_code == 200
    assert client.get("/auth/me", headers=bearer(token("alice"))).status_code == 401


ROUTES: Final[dict[str, Any]] = {
    "who I am": lambda client, headers: client.get("/auth/me", headers=headers),
    "functions": lambda client, headers: client.get("/functions", headers=headers),
    "a grant": lambda client, headers: client.post("/grant", headers=headers),
    "an SDK's": lambda client, headers: client.get(
        "/credentials/hello", headers=headers
    ),
}


@pytest.mark.parametrize("ask", ROUTES.values(), ids=ROUTES.keys())
def test_whoever_is_disabled_is_out_at_once_and_alone(
    client: TestClient, users: KnownUsers, ask: Any
):
    assert ask(client, bearer(token())).status_code == 200

    users.disabled.add(Identity(issuer="corp", subject="auth0|5f7"))

    assert ask(client, bearer(token())).status_code == 401
    assert ask(client, bearer(token("auth0|5f8"))).status_code == 200


def test_a_disabled_person_and_a_forgery_cannot_be_told_apart(
    client: TestClient, users: KnownUsers
):
    users.disabled.add(Identity(issuer="corp", subject="auth0|5f7"))

    out = client.get("/auth/me", headers=bearer(token()))
    forged = client.get("/auth/me", headers=bearer(token()[:-8] + "AAAAAAAA"))

    def without_ids(answer: httpx2.Response) -> tuple[int, Any, Any]:
        body = {k: v for k, v in answer.json().items() if k != "request_id"}
        headers = {
            k: v for k, v in answer.headers.items() if k not in {"date", "x-request-id"}
        }
        return answer.status_code, body, headers

    assert without_ids(out) == without_ids(forged)


def test_a_login_that_is_not_ours_ends_at_its_issuer(
    client: TestClient,
):
    answer = client.post("/auth/logout", headers=bearer(token()))
    forged = client.post("/auth/logout", headers=bearer(token()[:-8] + "AAAAAAAA"))
    login = {"username": "alice", "password": "correct"}
    own = client.post("/auth/login", data=login).json()["access_token"]

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:aikagi:problem:login-not-ours"
    assert forged.status_code == 401
    assert client.post("/auth/logout", headers=bearer(own)).status_code == 204


@pytest.mark.parametrize("ask", ROUTES.values(), ids=ROUTES.keys())
def test_keys_that_cannot_be_fetched_are_503_and_other_issuers_are_unaffected(
    client: TestClient, broker: Broker, issuer_keys: KnownIssuerKeys, ask: Any
):
    issuer_keys.broken["slow"] = IssuerKeysUnavailableError(retry_after_seconds=5)

    answer = ask(client, bearer(token(issuer="slow")))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "WWW-Authenticate" not in answer.headers
    assert ask(client, bearer(token())).status_code == 200
    own = broker.tokens.mint(a_bearer("bob")).text
    assert ask(client, bearer(own)).status_code == 200


def test_without_the_list_of_issuers_our_own_people_come_in(
    client: TestClient, broker: Broker, issuers: FixedIssuers
):
    issuers.broken = IssuersUnavailableError(retry_after_seconds=2)
    own = broker.tokens.mint(a_bearer("bob")).text

    answer = client.get("/auth/me", headers=bearer(token()))

    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:aikagi:problem:issuers-unavailable"
    assert client.get("/auth/me", headers=bearer(own)).status_code == 200


def test_people_of_a_slow_issuer_take_no_thread_from_others_and_come_in_after_all(
    app: FastAPI, broker: Broker, issuer_keys: KnownIssuerKeys
):
    pending: Future[None] = Future()
    pending.set_running_or_notify_cancel()
    issuer_keys.broken["slow"] = IssuerKeysUnavailableError(
        retry_after_seconds=1, pending=pending
    )
    own = broker.tokens.mint(a_bearer("bob")).text

    async def ask(client: httpx2.AsyncClient, text: str) -> int:
        return (await client.get("/auth/me", headers=bearer(text))).status_code

    async def go() -> list[int]:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:
            slow = [
                asyncio.ensure_future(ask(client, token(issuer="slow")))
                for _ in range(3 * WORKER_THREADS)
            ]
            for _ in range(5):
                assert await ask(client, own) == 200
                assert await ask(client, token()) == 200
            assert not any(task.done() for task in slow)
            del issuer_keys.broken["slow"]
            pending.set_result(None)
            return list(await asyncio.gather(*slow))

    assert asyncio.run(go()) == [200] * 3 * WORKER_THREADS


@pytest.mark.usefixtures("current_loop")
def test_on_lambda_a_token_waits_for_the_keys_of_its_issuer_as_well(
    app: FastAPI, issuer_keys: KnownIssuerKeys
):
    pending: Future[None] = Future()
    pending.set_running_or_notify_cancel()
    issuer_keys.broken["slow"] = IssuerKeysUnavailableError(
        retry_after_seconds=1, pending=pending
    )

    def arrive() -> None:
        del issuer_keys.broken["slow"]
        pending.set_result(None)

    arriving = threading.Timer(0.05, arrive)
    arriving.start()
    headers = {"authorization": f"Bearer {token(issuer='slow')}"}
    answer = handler_for(app)(http_api_event("GET", "/auth/me", headers=headers), None)
    arriving.join()

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["issuer"] == "slow"


def test_a_request_does_not_wait_for_ever(
    app: FastAPI,
    issuer_keys: KnownIssuerKeys,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
):
    pending: Future[None] = Future()
    pending.set_running_or_notify_cancel()
    issuer_keys.broken["slow"] = IssuerKeysUnavailableError(
        retry_after_seconds=1, pending=pending
    )
    monkeypatch.setattr("app.web.dependencies._LONGEST_WAIT", 0.05)

    answer = client.get("/auth/me", headers=bearer(token(issuer="slow")))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert pending.running()
    assert issuer_keys.asked == 1


def test_an_id_token_for_somebody_else_is_for_nobody_here(
    client: TestClient, issuers: FixedIssuers
):
    assert client.get("/auth/me", headers=bearer(token())).status_code == 200

    issuers.issuers = (
        dataclasses.replace(an_issuer("corp"), audiences=frozenset({"other"})),
    )

    assert client.get("/auth/me", headers=bearer(token())).status_code == 401
