"""Which route a request takes, as API Gateway's page on routes says."""

from typing import Any

import pytest

from aikagi_emulator.http_api import Route, RouteError, RouteKey
from aikagi_emulator.http_api.routes import choose
from emulator.tests.urls.fakes import InProcess, echo

PAGE = ("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "$default")


def routes(*keys: str) -> list[Route]:
    return [
        Route(
            key=RouteKey.parse(key),
            function=InProcess(echo),
            function_name="hello",
            permitted_stages=frozenset(),
            timeout_seconds=1,
        )
        for key in keys
    ]


def chosen(method: str, path: str, *keys: str) -> tuple[str, Any] | None:
    found = choose(routes(*keys), method, path)
    return None if found is None else (found.route.key.text, dict(found.parameters))


@pytest.mark.parametrize("keys", [PAGE, PAGE[::-1]], ids=["as written", "reversed"])
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", ("$default", {})),
        ("GET", "/pets/dog/1", ("GET /pets/dog/1", {})),
        ("GET", "/pets/dog/2", ("GET /pets/dog/{id}", {"id": "2"})),
        ("GET", "/pets/cat/1", ("GET /pets/{proxy+}", {"proxy": "cat/1"})),
        ("GET", "/pets/dog/1/2", ("GET /pets/{proxy+}", {"proxy": "dog/1/2"})),
        ("POST", "/pets/dog/1", ("$default", {})),
        ("GET", "/pets", ("$default", {})),
    ],
)
def test_the_most_specific_route_is_taken_whatever_their_order(
    keys: tuple[str, ...], method: str, path: str, expected: tuple[str, Any]
):
    assert chosen(method, path, *keys) == expected


@pytest.mark.parametrize(
    ("method", "path", "keys", "expected"),
    [
        pytest.param(
            "GET", "/a", ("ANY /a", "GET /a"), ("GET /a", {}), id="a method before ANY"
        ),
        pytest.param(
            "PUT", "/a", ("ANY /a", "GET /a"), ("ANY /a", {}), id="ANY takes the rest"
        ),
        pytest.param(
            "GET",
            "/a/b",
            ("GET /{x}/b", "ANY /a/{y}"),
            ("ANY /a/{y}", {"y": "b"}),
            id="what is fixed first",
        ),
        pytest.param(
            "GET",
            "/a",
            ("POST /a", "GET /{proxy+}"),
            ("GET /{proxy+}", {"proxy": "a"}),
            id="a greedy one where no other has the method",
        ),
        pytest.param("GET", "/a", ("GET /a/{x}",), None, id="a missing segment"),
        pytest.param("GET", "/a/", ("GET /a/{x}",), None, id="an empty segment"),
        pytest.param(
            "GET", "/a/", ("GET /a/{x+}",), None, id="nothing to be greedy of"
        ),
        pytest.param("GET", "/a/", ("GET /a",), None, id="a slash too many"),
        pytest.param("GET", "/A", ("GET /a",), None, id="another case"),
        pytest.param("POST", "/a", ("GET /a",), None, id="another method"),
        pytest.param(
            "GET",
            "/caf%C3%A9/a%2Fb%20c",
            ("GET /café/{x}",),
            ("GET /café/{x}", {"x": "a/b c"}),
            id="encoded",
        ),
        pytest.param(
            "GET", "/%FF", ("GET /{x}",), ("GET /{x}", {"x": "\ufffd"}), id="not UTF-8"
        ),
        pytest.param("GET", "/", ("GET /",), ("GET /", {}), id="the root"),
    ],
)
def test_a_route_is_found_by_path_and_method(
    method: str, path: str, keys: tuple[str, ...], expected: tuple[str, Any] | None
):
    assert chosen(method, path, *keys) == expected


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a",
        "GET",
        "GET a",
        "get /a",
        "GET /{x+}/b",
        "GET /a{x}",
        "GET /{x",
        "$else",
    ],
)
def test_what_is_no_route_is_told_so(key: str):
    with pytest.raises(RouteError, match="is no route"):
        RouteKey.parse(key)


@pytest.mark.parametrize(
    ("key", "source"),
    [("GET /a/{x}", "GET/a/{x}"), ("ANY /", "ANY/"), ("$default", "$default")],
)
def test_the_arn_of_a_route_ends_in_its_method_and_path(key: str, source: str):
    assert RouteKey.parse(key).source == source
