"""HEAD wherever GET is, and a true Allow, over every route there is."""

import re
import socket
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.broker import Broker
from app.web.methods import HeadAsGet
from tests.fakes import a_bearer
from tests.routes import methods_by_path, paths_with_get
from tests.web.serving import serving

VARYING = {"date", "x-request-id"}


@pytest.fixture
def bearer(broker: Broker) -> dict[str, str]:
    return {"Authorization": f"Bearer {broker.tokens.mint(a_bearer('alice')).text}"}


@pytest.fixture
def served(app: FastAPI) -> Iterator[str]:
    with serving(app) as base:
        yield base


def test_the_routes_that_are_tried_are_those_that_there_are(app: FastAPI):
    assert {"/", "/docs", "/openapi.json", "/healthz", "/credentials/report"} <= set(
        paths_with_get(app)
    )


@pytest.mark.parametrize("signed_in", [True, False])
def test_head_has_the_headers_of_get_and_no_body_on_every_path(
    app: FastAPI, served: str, bearer: dict[str, str], signed_in: bool
):
    with httpx2.Client(base_url=served, trust_env=False) as client:
        client.headers.update({"Accept-Encoding": "identity"})
        client.headers.update(bearer if signed_in else {})
        files = re.findall(r'(?:href|src)="([^"]+)"', client.get("/").text)
        for path in [*paths_with_get(app), *files]:
            got, head = client.get(path), client.head(path)

            assert head.status_code == got.status_code, path
            assert without_varying(head.headers) == without_varying(got.headers), path
            assert int(head.headers["Content-Length"]) == len(got.content) > 0, path
            assert head.content == b"", path


def without_varying(headers: httpx2.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in VARYING}


def test_a_connection_goes_on_after_head(served: str):
    address = served.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), 10) as connection:
        connection.sendall(
            b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    head, _, rest = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert rest.startswith(b"HTTP/1.1 200")
    assert rest.endswith(b'{"status":"ok"}')


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")


def test_a_method_a_path_does_not_have_is_405_with_those_that_it_has(
    app: FastAPI, client: TestClient
):
    for path, methods in methods_by_path(app).items():
        has = methods | ({"HEAD"} if "GET" in methods else set())
        for method in {*METHODS, "X"} - has:
            answer = client.request(method, path)

            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) == has, (method, path)
            assert answer.headers["Content-Type"] == "application/problem+json"
            if method != "HEAD":
                assert answer.json()["title"] == "Method Not Allowed"
                assert method not in answer.json()
        for method in has:
            answer = client.request(method, path)
            assert answer.status_code != 405, (method, path)
            assert "Allow" not in answer.headers, (method, path)


def test_allow_knows_every_route_of_a_path(app: FastAPI, client: TestClient):
    @app.delete("/healthz")
    async def _() -> None: ...

    answer = client.post("/healthz")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, DELETE"


@pytest.mark.parametrize("method", METHODS)
def test_a_path_that_is_not_there_is_404_by_any_method(client: TestClient, method: str):
    answer = client.request(method, "/nonesuch")

    assert answer.status_code == 404
    assert "Allow" not in answer.headers


@pytest.mark.parametrize("path", ["/grant", "/nonesuch"])
def test_a_refused_head_has_no_body_either(client: TestClient, path: str):
    answer = client.head(path)

    assert answer.status_code in {404, 405}
    assert answer.content == b""
    assert int(answer.headers["Content-Length"]) > 0


def test_what_is_streamed_is_no_body_of_an_answer_to_head():
    async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    known: list[str] = []

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        await HeadAsGet(streaming)(scope, receive, send)
        known.append(scope["method"])

    client = TestClient(server)

    assert client.get("/").content == b"ab"
    assert client.head("/").content == b""
    assert known == ["GET", "HEAD"]  # uvicorn counts the body by it
