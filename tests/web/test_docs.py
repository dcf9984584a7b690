"""The documentation's files as they are answered; it is used in a browser elsewhere."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from app.broker import Broker
from app.web import docs
from app.web.application import create_app
from app.web.dependencies import CURRENT_USER_FAILURES

FOLDER: Final = Path(docs.__file__).parent / "static/docs"
BUNDLE: Final = "/docs/assets/swagger-ui-5.35.0/swagger-ui-bundle.js"


def test_the_documentation_is_html_under_a_policy_of_its_own(client: TestClient):
    answer = client.get("/docs")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]


def test_the_documentation_loads_only_files_of_our_own():
    html = (FOLDER / "index.html").read_text()
    addresses = set(re.findall(r'(?:href|src)="([^"]+)"', html)) - {"openapi.json"}

    assert len(addresses) == 5
    for address in addresses:
        assert urlsplit(address).netloc == urlsplit(address).scheme == ""
        assert (FOLDER / address.removeprefix("docs/assets/")).is_file()


def test_the_documentation_runs_nothing_inline():
    html = (FOLDER / "index.html").read_text()

    assert re.findall(r"<script[^>]*>[^<]", html) == []
    assert re.findall(r"<style|\son[a-z]+=|\sstyle=", html) == []


@pytest.mark.parametrize(
    ("path", "media_type", "kept"),
    [
        (
            BUNDLE,
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("/docs/assets/docs.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/docs", "text/html; charset=utf-8", "no-cache"),
    ],
)
def test_only_what_is_named_after_its_version_is_kept(
    client: TestClient, path: str, media_type: str, kept: str
):
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Cache-Control"] == kept


@pytest.mark.parametrize(
    ("name", "coding"),
    [
        pytest.param("swagger-ui-bundle.js", "gzip", id="a script"),
        pytest.param("swagger-ui.css", "gzip", id="styles"),
        pytest.param("favicon-32x32.png", None, id="what is compressed already"),
    ],
)
def test_the_documentation_is_compressed_like_the_page(
    client: TestClient, name: str, coding: str | None
):
    path = f"/docs/assets/swagger-ui-5.35.0/{name}"

    answer = client.get(path, headers={"Accept-Encoding": "gzip, br"})

    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Vary"] == "Accept-Encoding, Origin"
    assert answer.content == (FOLDER / f"swagger-ui-5.35.0/{name}").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/docs/assets/", id="the folder"),
        pytest.param("/docs/assets/swagger-ui-5.35.0", id="a folder in it"),
        pytest.param("/docs/assets/%2e%2e/vendored.json", id="the folder above"),
        pytest.param("/docs/assets/..%2fpage%2fapp.js", id="the page's"),
        pytest.param("/docs/", id="another slash"),
    ],
)
def test_nothing_else_is_found(client: TestClient, path: str):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/assets/docs.js", BUNDLE, "/openapi.json"]
)
@pytest.mark.parametrize(
    ("on", "status"),
    [pytest.param(True, 200, id="on"), pytest.param(False, 404, id="off")],
)
def test_the_documentation_can_be_switched_off(
    broker: Broker, path: str, *, on: bool, status: int
):
    client = TestClient(create_app(broker, docs=on))

    assert client.get(path).status_code == status


def test_the_description_uses_relative_addresses_only(client: TestClient):
    described = client.get("/openapi.json").json()

    assert described["servers"] == [{"url": "."}]
    schemes = described["components"]["securitySchemes"].values()
    flows = [scheme["flows"]["password"] for scheme in schemes if "flows" in scheme]
    assert [flow["tokenUrl"] for flow in flows] == ["auth/login"]


def test_whoever_has_to_log_in_is_told_how_that_may_fail(client: TestClient):
    paths = client.get("/openapi.json").json()["paths"]
    operations = {
        f"{method} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    guarded = {
        name for name, operation in operations.items() if "security" in operation
    }

    assert {"post /grant", "post /auth/logout", "get /functions"} <= guarded
    assert "get /healthz" not in guarded
    for name in guarded:
        assert {"401", "503"} <= operations[name]["responses"].keys(), name
    for name in guarded - {"get /credentials/{function_name}"}:  # it has no examples
        codes = {
            code
            for answer in operations[name]["responses"].values()
            for kind in answer.get("content", {}).values()
            for code in kind.get("examples", {})
        }
        assert {error.code for error in CURRENT_USER_FAILURES} <= codes, name
