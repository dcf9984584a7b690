"""A client that compares each refusal with what the API's description says of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typing_extensions import override

from tests.routes import methods_by_path

URN: Final = "urn:aikagi:problem:"

FOR_SDKS: Final = "Code and Message"
"""Such answers are described by their status alone."""


class DescribedClient(TestClient):
    """Fails where a route answers with a problem that its description leaves out.

    Problems without a code of their own (404 for no route, 405, 408, 413, 500) are
    those of any route, and no route describes them.
    """

    @override
    def request(self, method: str, url: Any, **given: Any) -> httpx2.Response:
        answer = super().request(method, url, **given)
        code = _code(answer)
        if code is not None:
            described = _described(self.app, method, answer.request.url.path)
            assert (answer.status_code, code) in described, (
                f"{method} {url} answered {answer.status_code} {code}: "
                "name the error in the responses of its route"
            )
        return answer


def _code(answer: httpx2.Response) -> str | None:
    """Give the code of a problem; ``FOR_SDKS`` where AWS's SDKs are answered."""
    if "json" not in answer.headers.get("Content-Type", ""):
        return None
    body = answer.json() if answer.content else None
    if not isinstance(body, dict):
        return None
    type_ = str(body.get("type", ""))
    if type_.startswith(URN):
        return type_.removeprefix(URN)
    return FOR_SDKS if body.keys() == {"Code", "Message"} else None


def _described(app: Any, method: str, path: str) -> set[tuple[int, str]]:
    assert isinstance(app, FastAPI)
    as_get = "GET" if method == "HEAD" else method
    for template, operations in _paths(app).items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return set(_examples(operations.get(as_get.lower(), {})))
    return set()


_descriptions: Final[dict[frozenset[str], Mapping[str, Any]]] = {}
"""By the paths of an application: to describe one takes longer than most tests."""


def _paths(app: FastAPI) -> Mapping[str, Any]:
    key = frozenset(methods_by_path(app))
    if key not in _descriptions:
        _descriptions[key] = app.openapi()["paths"]
    return _descriptions[key]


def _examples(operation: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for status, answer in operation.get("responses", {}).items():
        for content in answer.get("content", {}).values():
            for code in content.get("examples", {}):
                yield int(status), code
            if content["schema"].get("$ref", "").endswith("/ContainerError"):
                yield int(status), FOR_SDKS
