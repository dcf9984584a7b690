"""The page's files as they are answered; what they do is tested in a browser."""

import base64
import gzip
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.broker import Broker
from app.http_api import handler_for
from app.web import page
from app.web.application import create_app
from app.web.assets import STATIC
from tests.http_api_events import http_api_event

FOLDERS: Final = ("client", "page")
DOCUMENT: Final = "page/index.html"
FOR_NPM: Final = {"client/package.json", "client/README.md", "client/LICENSE"}
UNSERVED: Final = {DOCUMENT, *FOR_NPM}
NAMES: Final = sorted(
    path.relative_to(STATIC).as_posix()
    for folder in FOLDERS
    for path in (STATIC / folder).rglob("*")
    if path.is_file() and path.relative_to(STATIC).as_posix() not in UNSERVED
)
MODULES: Final = [name for name in NAMES if name.endswith((".js", ".mjs"))]
STABLE: Final = ("/static/aikagi.js", "/static/aikagi.d.ts")
STATIC_IMPORT: Final = re.compile(
    r'^(?:(?:import|export|\}) .*?from|import) "([^"]+)";', re.MULTILINE
)
BUNDLE: Final = "/docs/assets/swagger-ui-5.35.0/swagger-ui-bundle.js"
OTHER: Final = "0123456789abcdef"
"""A digest of other files than these."""


@pytest.fixture
def root(client: TestClient) -> str:
    """The path under which the page's files stand."""
    found = set(re.findall(r"static/([^/]+)/", client.get("/").text))
    [digest] = found
    return f"/static/{digest}"


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
        "img-src": "'self' blob:",
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
        ("page/app.js", "text/javascript; charset=utf-8"),
        ("page/app.css", "text/css; charset=utf-8"),
        ("page/icon.svg", "image/svg+xml"),
        ("client/aikagi.d.ts", "text/plain; charset=utf-8"),
        ("client/vendor/aws4fetch-1.0.20.mjs", "text/javascript; charset=utf-8"),
    ],
)
def test_a_file_has_its_media_type_on_every_machine(
    client: TestClient, root: str, name: str, media_type: str
):
    answer = client.get(f"{root}/{name}")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_every_file_is_sent_as_it_is(client: TestClient, root: str, accepted: str):
    headers = {"Accept-Encoding": accepted}

    sent = {name: client.get(f"{root}/{name}", headers=headers) for name in NAMES}

    assert len(NAMES) > 10
    for name, answer in sent.items():
        assert answer.content == (STATIC / name).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/static/", id="the folder"),
        pytest.param("/static/app.js", id="a file without a digest"),
        pytest.param("/static/vendored.json", id="a file above them"),
        *(pytest.param(f"{{root}}/{name}", id=name) for name in sorted(FOR_NPM)),
        pytest.param("/static/digest/page/app.js", id="no digest"),
        pytest.param("{root}", id="the folder of a digest"),
        pytest.param("{root}/", id="the same"),
        pytest.param("{root}/page", id="a folder in it"),
        pytest.param("{root}/app.js", id="a file without its folder"),
        pytest.param("{root}/page/index.html", id="the document before it is rendered"),
        pytest.param("{root}/docs/index.html", id="a file of another folder"),
        pytest.param("{root}/page/nothing.js", id="no such file"),
        pytest.param("{root}/page/%2e%2e/vendored.json", id="the folder above"),
        pytest.param("{root}/page/..%2f..%2f..%2fpage.py", id="encoded"),
        pytest.param("{root}/%2fetc%2fpasswd", id="absolute"),
        pytest.param("{root}/client/..%2fpage%2fapp.js", id="a detour"),
        pytest.param("{root}/page/app.js%00", id="a NUL"),
    ],
)
def test_nothing_else_is_found(client: TestClient, root: str, path: str):
    answer = client.get(path.format(root=root))

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "cached"),
    [
        ("/", "no-cache"),
        ("/static/aikagi.js", "no-cache"),
        ("/static/aikagi.d.ts", "no-cache"),
        ("{root}/page/app.js", "public, max-age=31536000, immutable"),
        (f"/static/{OTHER}/page/app.js", "no-cache"),
    ],
)
def test_only_what_is_named_after_its_version_is_cached_for_good(
    client: TestClient, root: str, path: str, cached: str
):
    assert client.get(path.format(root=root)).headers["Cache-Control"] == cached


def test_a_page_opened_before_a_deployment_still_gets_what_it_imports_later(
    client: TestClient, root: str
):
    here = client.get(f"{root}/page/words-ja.js")

    before = client.get(f"/static/{OTHER}/page/words-ja.js")

    # In place, not by a redirect: what it imports itself is then what the page has.
    assert before.status_code == 200
    assert before.content == here.content
    assert before.headers["ETag"] == here.headers["ETag"]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        pytest.param("client/call.js", True, id="a module"),
        pytest.param("page/app.css", True, id="styles"),
        pytest.param("page/new.js", True, id="a new file"),
        pytest.param("docs.txt", False, id="a file that is not the page's"),
        # It stands under no digest itself, and is revalidated.
        pytest.param(DOCUMENT, False, id="the document"),
    ],
)
def test_the_digest_changes_with_every_file_under_it(
    copy: Path, root: str, name: str, *, changes: bool
):
    changed = copy / name
    content = changed.read_bytes() if changed.exists() else b""

    changed.write_bytes(content[:-1] + b" ")  # of the same length, where it was there

    assert (f'"{root[1:]}/' not in rendered(copy)) == changes


def test_the_digest_changes_with_a_name(copy: Path, root: str):
    assert f'"{root[1:]}/' in rendered(copy)

    (copy / "page/words-ja.js").rename(copy / "page/words-jb.js")

    assert f'"{root[1:]}/' not in rendered(copy)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in FOLDERS:
        shutil.copytree(STATIC / folder, tmp_path / folder)
    return tmp_path


def rendered(static: Path) -> str:
    app = FastAPI()
    page.install(app, connect_to=[], static=static)
    return TestClient(app).get("/").text


def test_nothing_is_read_before_it_is_asked_for_and_nothing_twice(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
):
    read: list[Path] = []
    read_bytes = Path.read_bytes

    def recording(path: Path) -> bytes:
        read.append(path)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", recording)
    client = TestClient(create_app(broker))
    client.get("/healthz")
    assert read == []

    client.get("/")
    names = sorted(path.relative_to(STATIC).as_posix() for path in read)
    assert names == sorted([*NAMES, DOCUMENT])
    read.clear()

    for path in ("/", *STABLE, f"/static/{OTHER}/page/app.js"):
        assert client.get(path).status_code == 200
    assert read == []


# An application of its own has compressed nothing yet.
@pytest.mark.usefixtures("app")
def test_a_file_is_compressed_once_whoever_comes_meanwhile(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    lengths: list[int] = []
    compress = gzip.compress

    def recording(content: bytes, *, mtime: int) -> bytes:
        lengths.append(len(content))
        return compress(content, mtime=mtime)

    monkeypatch.setattr(gzip, "compress", recording)

    # The largest takes long enough for all to be there before the first is done.
    with ThreadPoolExecutor(4) as people:
        answers = [*people.map(client.get, [BUNDLE] * 4)]

    assert lengths == [len(answer.content) for answer in answers[:1]]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        pytest.param(None, None, id="the page itself"),
        pytest.param("https://desk.example", "https://desk.example", id="allowed"),
        pytest.param("https://evil.example", None, id="another"),
    ],
)
@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
@pytest.mark.parametrize(
    "path",
    ["/static/aikagi.js", "{root}/client/aikagi.js", f"/static/{OTHER}/client/call.js"],
)
def test_modules_are_for_pages_of_allowed_origins_and_cached_for_each_apart(
    client: TestClient,
    root: str,
    path: str,
    origin: str | None,
    allowed: str | None,
    *,
    known: bool,
):
    path = path.format(root=root)
    headers = {"Origin": origin} if origin else {}
    headers |= {"If-None-Match": client.get(path).headers["ETag"]} if known else {}

    answer = client.get(path, headers=headers)

    assert answer.status_code == (304 if known else 200)
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding, Origin"


def test_the_stable_address_is_the_client_itself(client: TestClient, root: str):
    module = client.get("/static/aikagi.js").text

    [imported] = re.findall(r'^export \* from "(.+)";$', module, re.MULTILINE)
    assert urljoin("/static/aikagi.js", imported) == f"{root}/client/aikagi.js"
    types = client.get("/static/aikagi.d.ts").content
    assert types == (STATIC / "client/aikagi.d.ts").read_bytes()


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
@pytest.mark.parametrize("path", ["/", *STABLE, "{root}/page/app.js"])
@pytest.mark.parametrize(
    ("known", "status"),
    [
        pytest.param("{etag}", 304, id="the same"),
        pytest.param("W/{etag}", 304, id="weakened"),
        pytest.param('"other", {etag}', 304, id="one of two"),
        pytest.param('"other"', 200, id="another"),
        pytest.param("{other}", 200, id="in the other coding"),
    ],
)
def test_a_file_is_sent_again_only_when_it_changed(
    client: TestClient, root: str, path: str, accepted: str, known: str, status: int
):
    path = path.format(root=root)
    headers = {"Accept-Encoding": accepted}
    first = client.get(path, headers=headers)
    etag = first.headers["ETag"]
    coding = "identity" if accepted == "gzip" else "gzip"
    other = client.get(path, headers={"Accept-Encoding": coding}).headers["ETag"]
    assert re.fullmatch('"[0-9a-f]{32}"', etag)

    headers["If-None-Match"] = known.format(etag=etag, other=other)
    answer = client.get(path, headers=headers)

    assert answer.status_code == status
    for name in ("ETag", "Cache-Control", "Vary"):
        assert answer.headers[name] == first.headers[name]
    assert bool(answer.content) == (status == 200)


@pytest.mark.parametrize("path", ["/", "/static/aikagi.js", "{root}/page/app.js"])
def test_head_is_answered_like_get_without_the_content(
    client: TestClient, root: str, path: str
):
    head, got = client.head(path.format(root=root)), client.get(path.format(root=root))

    assert head.status_code == 200
    for name in ("Content-Length", "Content-Encoding", "ETag"):
        assert head.headers[name] == got.headers[name]
    assert head.content == b""


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        pytest.param("gzip, br", "gzip", id="gzip"),
        pytest.param("gzip;q=0", None, id="gzip refused"),
        pytest.param("identity", None, id="identity"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_file_is_compressed_for_who_accepts_that(
    client: TestClient, root: str, accepted: str, coding: str | None
):
    answer = client.get(f"{root}/page/app.js", headers={"Accept-Encoding": accepted})

    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Vary"] == "Accept-Encoding, Origin"
    smaller = int(answer.headers["Content-Length"]) < len(answer.content)
    assert smaller == (coding == "gzip")


def test_who_accepts_no_coding_of_a_file_is_told_which_there_are(client: TestClient):
    answer = client.get("/", headers={"Accept-Encoding": "br, identity;q=0"})

    assert answer.status_code == 406
    assert answer.headers["Vary"] == "Accept-Encoding, Origin"
    assert answer.json()["detail"] == "This file is sent as gzip or identity"


def test_no_other_answer_is_compressed(app: FastAPI, client: TestClient):
    form = {"grant_type": "password", "username": "alice", "password": "correct"}
    token = client.post("/auth/login", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    operations = [
        (method, re.sub(r"\{\w+\}", "hello", path))
        for path, item in app.openapi()["paths"].items()
        for method in item
    ]
    asked = [*operations, ("get", "/openapi.json"), ("get", "/nonesuch")]

    answers = [
        client.request(method, path, headers=headers, json={"FunctionName": "hello"})
        for method, path in asked
    ]

    assert {200, 404} <= {answer.status_code for answer in answers}
    assert [
        answer.url.path for answer in answers if "Content-Encoding" in answer.headers
    ] == []


def test_the_page_is_no_part_of_the_api(client: TestClient):
    paths = client.get("/openapi.json").json()["paths"]

    assert not [path for path in paths if path == "/" or path.startswith("/static")]


@pytest.mark.usefixtures("current_loop")
@pytest.mark.parametrize("accepted", ["gzip", "identity"])
@pytest.mark.parametrize(
    "path", ["/", *STABLE, "{root}/page/app.js", "{root}/page/icon.svg"]
)
def test_a_file_leaves_lambda_whole(
    app: FastAPI, client: TestClient, root: str, path: str, accepted: str
):
    path = path.format(root=root)
    headers = {"accept-encoding": accepted}

    answer = handler_for(app)(http_api_event("GET", path, headers=headers), None)

    assert answer["statusCode"] == 200
    # API Gateway would take the bytes of gzip for text, and change them.
    assert answer["isBase64Encoded"] == (accepted == "gzip")
    assert answer["headers"].get("content-encoding") == (
        "gzip" if accepted == "gzip" else None
    )
    body = answer["body"]
    sent = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
    content = gzip.decompress(sent) if accepted == "gzip" else sent
    assert content == client.get(path).content


@pytest.mark.usefixtures("current_loop")
def test_every_instance_of_the_broker_sends_the_same_bytes(app: FastAPI):
    headers = {"accept-encoding": "gzip"}

    answer = handler_for(app)(http_api_event("GET", "/", headers=headers), None)

    # RFC 1952 section 2.3.1: the time would stand here, and change the ETag.
    assert base64.b64decode(answer["body"])[4:8] == bytes(4)


def test_every_address_in_the_page_is_relative_and_there(client: TestClient, root: str):
    addresses = re.findall(r'(?:href|src)="([^"]+)"', client.get("/").text)

    assert len(addresses) > 5
    for address in addresses:
        assert urlsplit(address).netloc == urlsplit(address).scheme == ""
        assert f"/{address}".removeprefix(f"{root}/") in NAMES


@pytest.mark.parametrize("name", MODULES)
def test_every_import_is_relative_and_there(name: str):
    for imported in imports_of(name):
        assert imported.startswith(("./", "../"))
        assert resolved(name, imported) in NAMES


@pytest.mark.parametrize("name", MODULES)
def test_the_page_imports_the_client_and_the_client_nothing_of_the_page(name: str):
    folder = name.split("/", maxsplit=1)[0]

    imported = {resolved(name, path) for path in imports_of(name)}

    within = {path.split("/")[0] for path in imported}
    assert within <= ({"client", "page"} if folder == "page" else {"client"})
    # What pages of other origins import is one module, and the page does as they do.
    if folder == "page":
        assert {path for path in imported if path.startswith("client/")} <= {
            "client/aikagi.js",
            "client/aikagi.d.ts",
        }


def test_every_module_that_is_imported_at_once_is_loaded_without_a_round_trip(
    client: TestClient, root: str
):
    needed, found = {"page/app.js"}, set[str]()
    while needed:
        name = needed.pop()
        found.add(name)
        statically = re.findall(
            r'^(?:import|export|\}) .*?from "([^"]+)";', source(name), re.MULTILINE
        )
        needed |= {resolved(name, path) for path in statically} - found

    html = client.get("/").text
    links = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)

    assert len(found) > 5
    assert {f"/{link}" for link in links} == {
        f"{root}/{name}" for name in found - {"page/app.js"}
    }


def imports_of(name: str) -> list[str]:
    """Give what a module imports, types in its comments included."""
    text = source(name)
    return [*STATIC_IMPORT.findall(text), *re.findall(r'\bimport\("([^"]+)"\)', text)]


def resolved(name: str, imported: str) -> str:
    return urljoin(f"/{name}", imported).removeprefix("/")


def source(name: str) -> str:
    return (STATIC / name).read_text()
