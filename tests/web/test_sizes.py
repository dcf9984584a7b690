"""What is refused is answered in few words, however much was sent."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.broker import Broker
from tests.fakes import a_bearer
from tests.routes import methods_by_path

SHORT: Final = 1_500
LONG: Final = 60_000
"""Bytes of input, about; a body ends at 64 kB."""

JSON: Final = {"headers": {"Content-Type": "application/json"}}

Ask = Callable[..., Response]


@pytest.fixture
def ask(client: TestClient, broker: Broker) -> Ask:
    """Send requests with an access token of alice's."""
    bearer = {"Authorization": f"Bearer {broker.tokens.mint(a_bearer('alice')).text}"}

    def send(method: str, path: str, **more: Any) -> Response:
        headers = {**bearer, **more.pop("headers", {})}
        return client.request(method, path, headers=headers, **more)

    return send


def size_of(answer: Response) -> int:
    lines = [f"{name}: {value}" for name, value in answer.headers.items()]
    return len(answer.content) + sum(map(len, lines))


def fields(size: int) -> dict[str, int]:
    return {f"f{number:05}": 0 for number in range(size // 12)}


def query(size: int) -> str:
    return "&".join(f"{name}=0" for name in fields(size))


def login(**changed: str) -> dict[str, Any]:
    return {"data": {"username": "alice", "password": "correct", **changed}}


def typed(media_type: str) -> dict[str, Any]:
    return {"content": b"{}", "headers": {"Content-Type": media_type}}


def preflight(size: int) -> dict[str, Any]:
    asking = {
        "Origin": f"https://{'x' * size}.example",
        "Access-Control-Request-Method": "X" * size,
        "Access-Control-Request-Headers": "x" * size,
    }
    return {"headers": asking}


def nested(size: int) -> dict[str, Any]:
    return {"json": {"FunctionName": fields(size)}}


GRANT = ("POST", "/grant")
LOGIN = ("POST", "/auth/login")
ME = ("GET", "/auth/me")
SDK = ("GET", "/credentials/report")


@pytest.mark.parametrize(
    ("route", "sent"),
    [
        pytest.param(GRANT, lambda n: {"json": fields(n)}, id="unknown fields"),
        pytest.param(GRANT, lambda n: {"json": [0] * (n // 3)}, id="a list"),
        pytest.param(GRANT, lambda n: {"json": {"FunctionName": "x" * n}}, id="name"),
        pytest.param(GRANT, nested, id="fields in a field"),
        pytest.param(GRANT, lambda n: {"content": b"[" + b" " * n, **JSON}, id="half"),
        pytest.param(GRANT, lambda n: typed("x" * n), id="a media type"),
        pytest.param(LOGIN, lambda n: login(password="x" * n), id="a password"),
        pytest.param(LOGIN, lambda n: login(grant_type="x" * n), id="a grant type"),
        pytest.param(LOGIN, lambda n: {"data": fields(n)}, id="parameters"),
        pytest.param(LOGIN, lambda n: typed("x" * n), id="a media type of a form"),
        pytest.param(
            ME, lambda n: {"headers": {"Authorization": "x" * n}}, id="a scheme"
        ),
        pytest.param(
            ME,
            lambda n: {"headers": {"Authorization": f"Bearer {'x' * n}"}},
            id="token",
        ),
        pytest.param(SDK, lambda n: {"params": query(n)}, id="a query"),
        pytest.param(
            SDK, lambda n: {"params": f"DurationSeconds={'9' * n}"}, id="a number"
        ),
        pytest.param(("OPTIONS", "/grant"), preflight, id="a preflight"),
    ],
)
def test_an_answer_to_what_is_refused_does_not_grow_with_it(
    ask: Ask, route: tuple[str, str], sent: Callable[[int], dict[str, Any]]
):
    short, long = (ask(*route, **sent(size)) for size in (SHORT, LONG))

    assert short.status_code == long.status_code >= 400
    assert size_of(long) <= size_of(short) + 20  # a position has more digits


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize("folder", ["", "static/", "docs/assets/", "credentials/"])
def test_an_answer_does_not_grow_with_a_path(ask: Ask, method: str, folder: str):
    short, long = (ask(method, f"/{folder}{'x' * size}") for size in (SHORT, LONG))

    assert short.status_code == long.status_code >= 400
    assert size_of(long) == size_of(short)


def test_no_answer_grows_with_a_query_or_a_method(app: FastAPI, ask: Ask):
    for path, methods in methods_by_path(app).items():
        for method in [*methods, "X", "X" * SHORT]:
            bare, asked = ask(method, path), ask(method, f"{path}?{query(LONG)}")

            assert size_of(asked) <= size_of(bare) + 200, (method, path)
        refused, longer = ask("X", path), ask("X" * SHORT, path)
        assert refused.status_code == longer.status_code == 405
        assert size_of(longer) == size_of(refused)


@pytest.mark.parametrize(
    ("count", "listed"), [(1, 1), (19, 19), (20, 20), (21, 20), (5000, 20)]
)
def test_the_first_twenty_errors_are_listed(ask: Ask, count: int, listed: int):
    unknown = {f"f{number}": 0 for number in range(count)}

    answer = ask(*GRANT, json=unknown)

    assert answer.status_code == 422
    problem = answer.json()
    assert len(problem["errors"]) == listed
    detail = "The first 20 errors are listed" if count > listed else None
    assert problem.get("detail") == detail
