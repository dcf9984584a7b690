"""What the page's client signs in Chromium, as it arrives, is what AWS would accept."""

import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from playwright.sync_api import Page

from aikagi_emulator.sigv4 import Request, SignatureRefusedError, verify
from tests.browser.recorder import (
    ACCESS_KEY_ID,
    REGION,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
    Recorder,
)
from tests.vector_files import load, reads

VECTORS: Final = load("requests")

_CALL: Final = """async ([path, init]) => {
  const { Broker } = await import("./static/aikagi.js");
  const broker = new Broker();
  await broker.login("alice", "wonderland-1865");
  const answer = await broker.fetch("hello", { path, ...init() });
  return answer.status;
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCredentials:
    access_key_id: str = ACCESS_KEY_ID
    secret_access_key: str = field(default=SECRET_ACCESS_KEY, repr=False)
    session_token: str | None = field(default=SESSION_TOKEN, repr=False)
    expires_at: datetime | None = None


def call(workbench: Page, recorder: Recorder, path: str, init: str = "{}") -> Request:
    """Let the client send one request; ``init`` is JavaScript. Return it as it came."""
    recorder.requests.clear()
    script = _CALL.replace("init()", f"({init})")

    assert workbench.evaluate(script, [path, None]) == 200

    [request] = recorder.requests
    return request


def verified(request: Request) -> IssuedCredentials:
    return verify(
        request,
        find=lambda key_id: IssuedCredentials() if key_id == ACCESS_KEY_ID else None,
        service="lambda",
        region=REGION,
        now=datetime.now(UTC),
        tolerance=timedelta(minutes=5),
    )


# How a page would write the body that a vector describes.
_BODIES: Final = """{
  none: () => undefined,
  text: (bytes) => new TextDecoder().decode(bytes),
  half: () => "\\ud800",
  bytes: (bytes) => bytes,
  view: (bytes) => new Uint8Array([1, ...bytes, 4]).subarray(1, -1),
  blob: (bytes, type) => new Blob([bytes], { type }),
  stream: (bytes) => new Blob([bytes]).stream(),
  params: (bytes) => new URLSearchParams(new TextDecoder().decode(bytes)),
  form: () => {
    const form = new FormData();
    form.append("note", "合鍵");
    form.append("file", new Blob([new Uint8Array([0, 255])]), "a b.bin");
    return form;
  },
}"""


@reads("requests")
def test_a_request_is_signed_as_it_is_sent(
    workbench: Page, recorder: Recorder, vector: dict[str, str]
):
    method, kind = vector.get("method", "GET"), vector.get("body", "none")
    raw, media_type = vector.get("bytes", ""), vector.get("type", "")
    init = f"""{{
      method: "{method}",
      body: ({_BODIES}).{kind}(
        Uint8Array.from(atob("{raw}"), (c) => c.charCodeAt(0)), "{media_type}"),
    }}"""

    request = call(workbench, recorder, vector["path"], init)

    target = f"{request.raw_path}?{request.raw_query}".removesuffix("?")
    assert (request.method, target) == (method, vector["sent"])
    if kind != "form":
        assert request.body == base64.b64decode(raw)
    if media_type:
        assert request.header("content-type")[0].startswith(media_type)
    assert verified(request) == IssuedCredentials()
    for another in (
        replace(request, body=request.body + b"."),
        replace(request, raw_path=f"{request.raw_path}x"),
        replace(request, raw_query=f"{request.raw_query}&z=1"),
        replace(request, method="PUT"),
    ):
        with pytest.raises(SignatureRefusedError):
            verified(another)


def test_there_are_as_many_vectors_as_the_proof_says():
    shared = [vector for vector in VECTORS if vector.get("only") != "browser"]

    assert (len(VECTORS), len(shared)) == (41, 25)
    assert len({vector["id"] for vector in VECTORS}) == 41


def test_form_data_is_signed_with_its_own_boundary(workbench: Page, recorder: Recorder):
    init = f'{{ method: "POST", body: ({_BODIES}).form() }}'

    request = call(workbench, recorder, "/", init)

    [media_type] = request.header("content-type")
    kind, _, boundary = media_type.partition("; boundary=")
    assert kind == "multipart/form-data"
    assert request.body.startswith(f"--{boundary}".encode())
    assert b"\0\xff" in request.body
    assert verified(request) == IssuedCredentials()


@pytest.mark.parametrize(
    ("init", "method"),
    [
        pytest.param('{ method: "patch", body: "x" }', "PATCH", id="lower case"),
        pytest.param('{ method: "PUT" }', "PUT", id="without a body"),
        pytest.param('{ headers: { "X-Note": " a  b " } }', "GET", id="white space"),
        pytest.param('{ headers: { "Accept-Charset": "x" } }', "GET", id="forbidden"),
        pytest.param('{ headers: { "X-Amz-Date": "then" } }', "GET", id="ours"),
    ],
)
def test_a_method_and_headers_are_signed_as_they_are_sent(
    workbench: Page, recorder: Recorder, init: str, method: str
):
    request = call(workbench, recorder, "/", init)

    assert request.method == method
    assert verified(request) == IssuedCredentials()


def test_a_redirect_gets_neither_signature_nor_token(
    workbench: Page, recorder: Recorder
):
    recorder.requests.clear()

    with pytest.raises(Exception, match="credentials do not follow"):
        workbench.evaluate(_CALL.replace("init()", "{}"), ["/elsewhere", None])

    assert [request.raw_path for request in recorder.requests] == ["/elsewhere"]


def test_a_redirect_of_the_broker_gets_no_password(workbench: Page, recorder: Recorder):
    recorder.requests.clear()

    name = workbench.evaluate(
        """async () => {
          const { Broker } = await import("./static/aikagi.js");
          const broker = new Broker({ base: new URL("moved/", location.href) });
          return broker.login("alice", "wonderland-1865").catch(({ name }) => name);
        }"""
    )

    assert name == "UnreachableError"
    assert recorder.requests == []
