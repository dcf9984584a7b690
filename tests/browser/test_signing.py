"""What the page's client signs in Chromium, as it arrives, is what AWS would accept."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from local.sigv4 import Request, SignatureRefusedError, verify
from tests.browser.recorder import (
    ACCESS_KEY_ID,
    REGION,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
    Recorder,
)

_CALL: Final = """async ([path, init]) => {
  const { Broker } = await import("./static/aikagi.js");
  const broker = new Broker();
  await broker.login("alice", "wonderland-1865");
  const answer = await broker.fetch("hello", { path, ...init() });
  return answer.status;
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
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


def verified(request: Request) -> Lent:
    return verify(
        request,
        find=lambda key_id: Lent() if key_id == ACCESS_KEY_ID else None,
        service="lambda",
        region=REGION,
        now=datetime.now(UTC),
        tolerance=timedelta(minutes=5),
    )


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        pytest.param("/", "/", id="root"),
        pytest.param("", "/", id="nothing"),
        pytest.param("tasks/1", "/tasks/1", id="relative"),
        pytest.param("/a b", "/a%20b", id="space"),
        pytest.param("/a%20b", "/a%20b", id="escaped space"),
        pytest.param("/合鍵/é", "/%E5%90%88%E9%8D%B5/%C3%A9", id="unicode"),
        pytest.param("/%e5%90%88", "/%E5%90%88", id="lower-case escapes"),
        pytest.param("/f(!'*)", "/f(!'*)", id="sub-delimiters"),
        pytest.param("/a%2Fb", "/a%2Fb", id="escaped slash"),
        pytest.param("/a%2fb%252f", "/a%2Fb%252f", id="escaped escape"),
        pytest.param("/a//b///c/", "/a/b/c/", id="repeated slashes"),
        pytest.param("/a/../b/./c", "/b/c", id="dot segments"),
        pytest.param("/a/%2e%2e/b", "/b", id="escaped dot segments"),
        pytest.param("/a+b&c=d;e,f:g@h$i", "/a+b&c=d;e,f:g@h$i", id="reserved"),
        pytest.param("/~user/-_.", "/~user/-_.", id="unreserved"),
        pytest.param("/100%", "/100%25", id="a lone percent sign"),
        pytest.param("/p#fragment", "/p", id="fragment"),
    ],
)
def test_a_path_is_signed_as_it_is_sent(
    workbench: Page, recorder: Recorder, path: str, sent: str
):
    request = call(workbench, recorder, path)

    assert request.raw_path == sent
    assert verified(request) == Lent()


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        pytest.param("a=1&b=2", "a=1&b=2", id="plain"),
        pytest.param("b=2&a=1", "b=2&a=1", id="unsorted"),
        pytest.param("a=2&a=1&a=2", "a=2&a=1&a=2", id="repeated"),
        pytest.param("q=a+b", "q=a%20b", id="plus is a space"),
        pytest.param("q=a%2Bb", "q=a%2Bb", id="escaped plus"),
        pytest.param("q=a b", "q=a%20b", id="space"),
        pytest.param("q=合鍵", "q=%E5%90%88%E9%8D%B5", id="unicode"),
        pytest.param("q=(!'*)", "q=%28%21%27%2A%29", id="sub-delimiters"),
        pytest.param("a=&b", "a=&b=", id="empty values"),
        pytest.param("=x&a=1&=y", "a=1", id="empty names"),
        pytest.param("&&", "", id="nothing"),
        pytest.param("a=b=c", "a=b%3Dc", id="equals sign in a value"),
        pytest.param(
            "u=https://h/p?x=1%26y", "u=https%3A%2F%2Fh%2Fp%3Fx%3D1%26y", id="url"
        ),
        pytest.param("A=1&a=2&_=3&-=4", "A=1&a=2&_=3&-=4", id="order of bytes"),
        pytest.param("a%5B%5D=1&a[]=2", "a%5B%5D=1&a%5B%5D=2", id="brackets"),
        pytest.param("p=~-_.", "p=~-_.", id="unreserved"),
        pytest.param("a=%zz", "a=%25zz", id="a malformed escape"),
    ],
)
def test_a_query_is_signed_as_it_is_sent(
    workbench: Page, recorder: Recorder, query: str, sent: str
):
    request = call(workbench, recorder, f"/?{query}")

    assert request.raw_query == sent
    assert verified(request) == Lent()


@pytest.mark.parametrize(
    ("body", "sent", "media_type"),
    [
        pytest.param('"plain"', b"plain", "text/plain;charset=UTF-8", id="text"),
        pytest.param(
            '"合鍵 é"', "合鍵 é".encode(), "text/plain;charset=UTF-8", id="utf-8"
        ),
        pytest.param('"\\ud800"', b"\xef\xbf\xbd", None, id="half a character"),
        pytest.param('""', b"", None, id="empty"),
        pytest.param("new Uint8Array([0, 255, 10])", b"\0\xff\n", None, id="bytes"),
        pytest.param(
            "new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", b"\2\3", None, id="a view"
        ),
        pytest.param("new ArrayBuffer(2)", b"\0\0", None, id="buffer"),
        pytest.param(
            'new Blob(["x", "\\n"], { type: "text/csv" })',
            b"x\n",
            "text/csv",
            id="blob",
        ),
        pytest.param(
            'new URLSearchParams({ a: "b c", d: "+" })',
            b"a=b+c&d=%2B",
            "application/x-www-form-urlencoded;charset=UTF-8",
            id="form",
        ),
        pytest.param('new Blob(["streamed"]).stream()', b"streamed", None, id="stream"),
    ],
)
def test_a_body_is_signed_as_it_is_sent(
    workbench: Page, recorder: Recorder, body: str, sent: bytes, media_type: str | None
):
    init = f'{{ method: "POST", body: {body} }}'

    request = call(workbench, recorder, "/", init)

    assert request.body == sent
    if media_type:
        assert request.header("content-type") == (media_type,)
    assert verified(request) == Lent()


def test_form_data_is_signed_with_its_own_boundary(workbench: Page, recorder: Recorder):
    form = """(() => {
      const form = new FormData();
      form.append("note", "合鍵");
      form.append("file", new Blob([new Uint8Array([0, 255])]), "a b.bin");
      return form;
    })()"""

    request = call(workbench, recorder, "/", f'{{ method: "POST", body: {form} }}')

    [media_type] = request.header("content-type")
    kind, _, boundary = media_type.partition("; boundary=")
    assert kind == "multipart/form-data"
    assert request.body.startswith(f"--{boundary}".encode())
    assert b"\0\xff" in request.body
    assert verified(request) == Lent()


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
    assert verified(request) == Lent()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"body": b'{"text": "another"}'}, id="body"),
        pytest.param({"raw_path": "/other"}, id="path"),
        pytest.param({"raw_query": "a=2"}, id="query"),
        pytest.param({"method": "PUT"}, id="method"),
    ],
)
def test_a_request_changed_on_its_way_is_refused(
    workbench: Page, recorder: Recorder, change: dict[str, Any]
):
    init = """{ method: "POST", body: '{"text": "one"}' }"""
    request = call(workbench, recorder, "/task?a=1", init)
    verified(request)

    with pytest.raises(SignatureRefusedError):
        verified(replace(request, **change))


def test_a_redirect_gets_neither_signature_nor_token(
    workbench: Page, recorder: Recorder
):
    recorder.requests.clear()

    with pytest.raises(Exception, match="a key does not follow"):
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
