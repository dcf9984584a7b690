"""Who people can sign in through, as the page and the command line learn it."""

from concurrent.futures import Future

import pytest
from fastapi.testclient import TestClient

from app.domain.errors import IssuersUnavailableError
from tests.fakes import FixedIssuers, an_issuer


def connect_sources(client: TestClient) -> list[str]:
    policy = client.get("/").headers["Content-Security-Policy"]
    [sources] = [part for part in policy.split("; ") if part.startswith("connect-src")]
    return sources.split(" ")[1:]


HERE = ["'self'", "https://*.lambda-url.eu-west-1.on.aws"]


def test_those_with_a_sign_in_are_listed_for_anybody(
    client: TestClient, issuers: FixedIssuers
):
    issuers.issuers = (an_issuer("corp"), an_issuer("ci", sign_in=False))

    answer = client.get("/auth/issuers")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "issuers": [
            {
                "name": "corp",
                "title": "Corp",
                "issuer": "https://corp.example",
                "client_id": "a-client",
                "scopes": ["openid", "offline_access"],
                "send_token": "id_token",
            }
        ]
    }


def test_without_any_the_list_is_empty(client: TestClient):
    assert client.get("/auth/issuers").json() == {"issuers": []}


def test_while_they_cannot_be_read_the_list_is_unavailable(
    client: TestClient, issuers: FixedIssuers
):
    issuers.broken = IssuersUnavailableError(retry_after_seconds=2)

    answer = client.get("/auth/issuers")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["type"] == "urn:aikagi:problem:issuers-unavailable"


def test_the_page_may_reach_those_it_signs_in_through_and_no_others(
    client: TestClient, issuers: FixedIssuers
):
    assert connect_sources(client) == HERE

    issuers.issuers = (an_issuer("corp"), an_issuer("ci", sign_in=False))

    assert connect_sources(client) == [*HERE, "https://corp.example"]


def test_the_page_comes_without_them_while_they_cannot_be_read(
    client: TestClient, issuers: FixedIssuers
):
    issuers.broken = IssuersUnavailableError()

    assert client.get("/").status_code == 200
    assert connect_sources(client) == HERE


def test_a_page_whose_policy_has_changed_is_sent_again(
    client: TestClient, issuers: FixedIssuers
):
    before = client.get("/").headers["ETag"]
    known = {"If-None-Match": before}
    assert client.get("/", headers=known).status_code == 304

    issuers.issuers = (an_issuer("corp"),)

    assert client.get("/", headers=known).status_code == 200


def test_a_request_waits_for_what_is_being_read_and_then_has_it(
    client: TestClient, issuers: FixedIssuers
):
    pending: Future[None] = Future()
    pending.set_running_or_notify_cancel()
    issuers.issuers = (an_issuer("corp"),)
    reads = 0
    read = issuers.read

    def read_once_it_has_ended() -> object:
        nonlocal reads
        reads += 1
        if reads == 1:
            pending.set_result(None)
            raise IssuersUnavailableError(retry_after_seconds=1, pending=pending)
        return read()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(issuers, "read", read_once_it_has_ended)
        answer = client.get("/auth/issuers")

    assert [issuer["name"] for issuer in answer.json()["issuers"]] == ["corp"]
    assert reads == 2
