"""The page's files as they are answered; what they do is tested in a browser."""

import gzip
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from mangum import Mangum

from app.web import page

FOLDER: Final = Path(page.__file__).parent / "static/page"
NAMES: Final = sorted(
    path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()
)
WORDS: Final = ("words-en.js", "words-ja.js")
MODULES: Final = [name for name in NAMES if name.endswith(".js")]


def directives(policy: str) -> dict[str, str]:
    named = (directive.split(" ", 1) for directive in policy.split("; "))
    return dict(named)


def test_the_page_is_html_under_a_strict_policy(client: TestClient):
    answer = client.get("/")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert directives(answer.headers["Content-Security-Policy"]) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self' https://*.lambda-url.eu-west-1.on.aws",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("https://*.lambda-url.ap-northeast-1.on.aws", id="region"),
        pytest.param("http://127.0.0.1:8101", id="laptop"),
    ],
)
def test_the_page_may_call_the_origins_it_is_told_of(source: str):
    app = FastAPI()

    page.install(app, connect_to=[source])

    policy = TestClient(app).get("/").headers["Content-Security-Policy"]
    assert directives(policy)["connect-src"] == f"'self' {source}"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("https://a.example; script-src *", id="another directive"),
        pytest.param("https://a.example https://b.example", id="two"),
        pytest.param("*", id="everything"),
        pytest.param("https://*", id="every host"),
        pytest.param("https:", id="a whole scheme"),
        pytest.param("'unsafe-inline'", id="a keyword"),
        pytest.param("https://a.example\n", id="a line break"),
        pytest.param("https://a.example/", id="a path"),
    ],
)
def test_what_is_no_origin_is_refused_at_the_start(source: str):
    with pytest.raises(ValueError, match="Not an origin"):
        page.install(FastAPI(), connect_to=[source])


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("vendor/aws4fetch-1.0.20.mjs", "text/javascript; charset=utf-8"),
    ],
)
def test_a_file_has_its_media_type_on_every_machine(
    client: TestClient, name: str, media_type: str
):
    answer = client.get(f"/static/{name}")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content


@pytest.mark.parametrize(
    "name", ["app.css", "icon.svg", "aikagi.d.ts", "vendor/aws4fetch-1.0.20.mjs"]
)
def test_what_is_no_module_of_ours_is_sent_as_it_is(client: TestClient, name: str):
    assert client.get(f"/static/{name}").content == (FOLDER / name).read_bytes()


def test_a_module_is_sent_without_what_only_people_read(client: TestClient):
    sent = client.get("/static/request.js").text

    assert "/**" not in sent
    assert "// Authorization" not in sent
    assert 'new Request("https://signed.invalid/"' in sent  # no comment at all
    assert [line for line in sent.splitlines() if line != line.strip()] == []


@pytest.mark.parametrize("name", MODULES)
def test_no_text_in_a_module_spans_lines_whose_indentation_would_be_lost(name: str):
    code = [line for line in source(name).splitlines() if "*" not in line[:4]]

    assert [line for line in code if line.count("`") % 2] == []


def test_every_file_of_the_page_can_be_answered(client: TestClient):
    statuses = {name: client.get(f"/static/{name}").status_code for name in NAMES}

    assert set(statuses.values()) == {200}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/static/", id="the folder"),
        pytest.param("/static/vendor", id="a folder in it"),
        pytest.param("/static/nothing.js", id="no such file"),
        pytest.param("/static/%2e%2e/vendored.json", id="the folder above"),
        pytest.param("/static/..%2f..%2fpage.py", id="encoded"),
        pytest.param("/static/%2fetc%2fpasswd", id="absolute"),
        pytest.param("/static/vendor/..%2fapp.js", id="a detour"),
        pytest.param("/static/app.js%00", id="a NUL"),
    ],
)
def test_nothing_else_is_found(client: TestClient, path: str):
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", "no-cache"),
        ("/static/app.js", "no-cache"),
        (
            "/static/vendor/aws4fetch-1.0.20.mjs",
            "public, max-age=31536000, immutable",
        ),
    ],
)
def test_only_what_is_named_after_its_version_is_kept(
    client: TestClient, path: str, kept: str
):
    assert client.get(path).headers["Cache-Control"] == kept


@pytest.mark.parametrize(
    ("origin", "leave"),
    [
        pytest.param(None, None, id="the page itself"),
        pytest.param("https://desk.example", "https://desk.example", id="allowed"),
        pytest.param("https://evil.example", None, id="another"),
    ],
)
@pytest.mark.parametrize("name", ["aikagi.js", "vendor/aws4fetch-1.0.20.mjs"])
def test_modules_are_for_pages_of_allowed_origins_and_kept_for_each_apart(
    client: TestClient, name: str, origin: str | None, leave: str | None
):
    headers = {"Origin": origin} if origin else {}

    answer = client.get(f"/static/{name}", headers=headers)

    assert answer.headers.get("Access-Control-Allow-Origin") == leave
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("known", "status"),
    [
        pytest.param("{etag}", 304, id="the same"),
        pytest.param("W/{etag}", 304, id="weakened"),
        pytest.param('"other", {etag}', 304, id="one of two"),
        pytest.param('"other"', 200, id="another"),
    ],
)
def test_a_file_is_sent_again_only_when_it_changed(
    client: TestClient, known: str, status: int
):
    etag = client.get("/").headers["ETag"]

    answer = client.get("/", headers={"If-None-Match": known.format(etag=etag)})

    assert answer.status_code == status
    assert answer.headers["ETag"] == etag
    assert answer.headers["Cache-Control"] == "no-cache"
    assert bool(answer.content) == (status == 200)


def test_head_is_answered_like_get_without_the_page(client: TestClient):
    answer = client.head("/")

    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(len(client.get("/").content))
    assert answer.content == b""


def test_the_page_is_no_part_of_the_api(client: TestClient):
    paths = client.get("/openapi.json").json()["paths"]

    assert not [path for path in paths if path == "/" or path.startswith("/static")]


@pytest.mark.usefixtures("current_loop")
def test_text_leaves_lambda_as_text(app: FastAPI):
    handler = Mangum(app, lifespan="off")

    answer = handler(an_event("/static/app.js"), {})  # type: ignore[arg-type] # unused

    assert answer["statusCode"] == 200
    assert answer["isBase64Encoded"] is False
    assert answer["body"].startswith("import ")


def test_every_address_in_the_page_is_relative_and_there():
    addresses = re.findall(
        r'(?:href|src)="([^"]+)"', (FOLDER / "index.html").read_text()
    )

    assert len(addresses) > 5
    for address in addresses:
        assert urlsplit(address).netloc == urlsplit(address).scheme == ""
        assert address.removeprefix("static/") in NAMES


@pytest.mark.parametrize("name", MODULES)
def test_every_import_is_relative_and_there(name: str):
    imports = re.findall(r'from "([^"]+)";', source(name))

    for imported in imports:
        assert imported.startswith("./")
        assert imported.removeprefix("./") in NAMES


def test_every_module_is_loaded_without_a_second_round_trip():
    html = (FOLDER / "index.html").read_text()
    known = [name for name in MODULES if name not in WORDS]  # one of these is enough

    assert [name for name in known if f'"static/{name}"' not in html] == []


@pytest.mark.parametrize("language", WORDS)
def test_the_page_stays_small(client: TestClient, language: str):
    loaded = [
        name
        for name in NAMES
        if not name.endswith((".txt", ".d.ts"))
        and name not in set(WORDS) - {language}
        and name != "index.html"
    ]
    paths = ["/", *(f"/static/{name}" for name in loaded)]

    sizes = [len(gzip.compress(client.get(path).content)) for path in paths]

    assert sum(sizes) < 40_000


def source(name: str) -> str:
    return (FOLDER / name).read_text()


def an_event(path: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "broker.example"},
        "requestContext": {
            "http": {"method": "GET", "path": path, "sourceIp": "203.0.113.7"},
            "requestId": "id",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
