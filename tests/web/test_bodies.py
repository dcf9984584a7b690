"""What happens before a body is read, and while it arrives."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.broker import Broker
from app.domain.identity import CheckedPassword, RefusedPassword
from app.web.bodies import LONGEST, BodyLimit
from tests.fakes import KnownUsers, a_bearer
from tests.web.serving import serving

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LOGIN = b"username=alice&password=correct"


def scope_of(
    method: str, path: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in (headers or {}).items()
        ],
        "client": ("203.0.113.7", 50000),
        "server": ("127.0.0.1", 80),
        "state": {"request_id": "r-1"},
    }


def answers_to(
    app: Any, scope: dict[str, Any], messages: list[dict[str, Any]]
) -> list[int]:
    """Play ``messages``, then wait for ever, and give the statuses that were sent."""
    statuses: list[int] = []
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        for message in waiting:
            return message
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    asyncio.run(app(scope, receive, send))
    return statuses


def part(body: bytes) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": True}


def last(body: bytes) -> dict[str, Any]:
    return {"type": "http.request", "body": body}


BROKEN_OFF = {"type": "http.disconnect"}


def names_asked_for(users: KnownUsers) -> list[str]:
    """Give a list that grows with each password that is checked."""
    asked: list[str] = []
    authenticate = users.authenticate

    def listening(username: str, password: str) -> CheckedPassword | RefusedPassword:
        asked.append(username)
        return authenticate(username, password)

    users.authenticate = listening  # type: ignore[method-assign] # to listen
    return asked


def test_a_login_whose_connection_breaks_in_the_form_is_not_begun(
    app: FastAPI, users: KnownUsers
):
    asked = names_asked_for(users)
    scope = scope_of("POST", "/auth/login", FORM)

    broken = answers_to(app, scope, [part(LOGIN), BROKEN_OFF])
    whole = answers_to(
        app, scope, [part(LOGIN[:9]), {**part(LOGIN[9:]), "more_body": False}]
    )

    assert broken == []
    assert whole == [200]
    assert asked == ["alice"]


def test_no_route_sees_a_part_of_a_body(app: FastAPI):
    seen: list[str] = []

    async def inside(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["path"])

    limited = BodyLimit(inside)
    for path in app.openapi()["paths"]:
        broken = [part(b"{}"), BROKEN_OFF]
        assert answers_to(limited, scope_of("POST", path), broken) == []

    assert seen == []


def test_a_connection_that_breaks_over_a_socket_begins_no_login(
    app: FastAPI, users: KnownUsers
):
    asked = names_asked_for(users)

    with serving(app) as url:
        address = (urlsplit(url).hostname, urlsplit(url).port)
        for promised, sent in ((len(LOGIN) + 9, LOGIN), (len(LOGIN), LOGIN)):
            with socket.create_connection(address, timeout=10) as connection:
                head = (
                    "POST /auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\n"
                    f"Content-Length: {promised}\r\nConnection: close\r\n\r\n"
                )
                connection.sendall(head.encode() + sent)
                if promised != len(sent):
                    connection.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
            assert (b" 200 " in answer[:20]) == (promised == len(sent))

    assert asked == ["alice"]


def test_a_body_that_does_not_arrive_in_time_is_408(app: FastAPI):
    slow = BodyLimit(app, longest=0.01)
    scope = scope_of("POST", "/auth/login", FORM)

    assert answers_to(slow, scope, [part(LOGIN)]) == [408]
    assert answers_to(app, scope, [last(LOGIN)]) == [200]
    assert 1 <= LONGEST <= 30


def posts_that_need_a_token(app: FastAPI) -> list[str]:
    return [
        path
        for path, operations in app.openapi()["paths"].items()
        if operations.get("post", {}).get("security")
    ]


def hostile(media_type: str, body: bytes) -> Callable[..., dict[str, Any]]:
    def make(**headers: str) -> dict[str, Any]:
        return {"content": body, "headers": {"Content-Type": media_type, **headers}}

    return make


@pytest.mark.parametrize(
    "sent",
    [
        hostile("application/json", b'{"a'),
        hostile("application/json", b'{"unknown": 1}'),
        hostile("application/x-www-form-urlencoded", b"%"),
        hostile("text/plain", b"x"),
    ],
)
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer junk"}])
def test_where_a_token_is_needed_no_body_is_read_before_it_is_accepted(
    app: FastAPI,
    client: TestClient,
    sent: Callable[..., dict[str, Any]],
    header: dict[str, str],
):
    paths = posts_that_need_a_token(app)

    assert "/grant" in paths
    for path in paths:
        assert client.post(path, **sent(**header)).status_code == 401


def test_a_body_is_read_once_the_token_is_accepted(
    client: TestClient, broker: Broker, users: KnownUsers
):
    token = broker.tokens.mint(a_bearer("alice")).text
    bearer = {"Authorization": f"Bearer {token}"}
    malformed = hostile("application/json", b'{"a')

    assert client.post("/grant", **malformed(**bearer)).status_code == 400
    forged = {"Authorization": f"Bearer {token[:-4]}AAAA"}
    assert client.post("/grant", **malformed(**forged)).status_code == 401

    # Whether the person is known still, the table says, which is asked once.
    users.by_identity.clear()
    assert client.post("/grant", json={}, headers=bearer).status_code == 401


def test_a_cookie_is_seen_by_nobody(app: FastAPI, client: TestClient):
    from fastapi import Request

    seen: list[object] = []

    @app.get("/seen")
    async def _(request: Request) -> None:
        seen.extend([request.headers.get("cookie"), request.headers.get("x-other")])

    client.get("/seen", headers={"Cookie": "a=b", "X-Other": "kept"})

    assert seen == [None, "kept"]
