"""What the adapter makes of events and answers, without a process."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aikagi_emulator.runtime import FunctionFailedError, FunctionSpec
from aikagi_emulator.runtime.adapter import payload_of, request_of
from aikagi_emulator.runtime.stream import Head
from emulator.tests.runtime.web import event

SPEC = FunctionSpec(
    name="hello",
    arn="arn:aws:lambda:ap-northeast-1:123456789012:function:hello",
    folder=Path("/nowhere"),
    handler="run.sh",
)


def headers_of(asked: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    request, body = request_of(
        json.dumps(asked).encode(),
        SPEC,
        request_id="a-request",
        deadline=datetime(2030, 1, 1, tzinfo=UTC),
    )
    names = [name.decode() for name, _ in request.headers]
    assert len(set(names)) == len(names)
    return {k.decode(): v.decode() for k, v in request.headers}, body


def test_the_deadline_and_the_function_stand_in_the_context():
    headers, _ = headers_of(event())

    assert json.loads(headers["x-amzn-lambda-context"]) == {
        "request_id": "a-request",
        "deadline": 1_893_456_000_000,
        "invoked_function_arn": SPEC.arn,
        "xray_trace_id": headers["x-amzn-trace-id"],
        "client_context": None,
        "identity": None,
        "env_config": {
            "function_name": "hello",
            "memory": 128,
            "version": "$LATEST",
            "log_stream": "local",
            "log_group": "/aws/lambda/hello",
        },
    }


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        pytest.param("POST", "\N{HIRAGANA LETTER A}", "3", id="bytes are counted"),
        pytest.param("POST", "", "0", id="nothing is sent"),
        pytest.param("GET", "", None, id="nothing is meant"),
    ],
)
def test_the_length_is_that_of_what_is_sent(method: str, body: str, length: str | None):
    asked = event(
        body=body,
        headers={"host": "127.0.0.1", "content-length": "77"},
        requestContext={"http": {"method": method}},
    )

    headers, sent = headers_of(asked)

    assert sent == body.encode()
    assert headers.get("content-length") == length


@pytest.mark.parametrize(
    ("path", "target"),
    [
        pytest.param("/a%20b/%C3%A9", "/a%20b/%C3%A9", id="of a function URL"),
        pytest.param("/a b/é", "/a%20b/%C3%A9", id="of an HTTP API"),
        pytest.param("/a?b#c", "/a%3Fb%23c", id="with marks of a URL"),
        pytest.param("/a;b=c,d@e!$&'()*+:~", "/a;b=c,d@e!$&'()*+:~", id="as it is"),
    ],
)
def test_what_a_path_cannot_have_is_encoded(path: str, target: str):
    payload = json.dumps({**event(), "rawPath": path}).encode()

    request, _ = request_of(
        payload, SPEC, request_id="1", deadline=datetime(2030, 1, 1, tzinfo=UTC)
    )

    assert request.target == target.encode()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"requestContext": {}}, id="no method"),
        pytest.param({"rawQueryString": "a b"}, id="a space in the query string"),
        pytest.param({"headers": {"host": "a", "x": "1\r\ny: 2"}}, id="a line break"),
        pytest.param({"isBase64Encoded": True, "body": "x"}, id="not base64"),
    ],
)
def test_an_event_that_is_no_request_fails_without_being_sent(
    changes: Mapping[str, Any],
):
    headers_of(event())

    with pytest.raises(FunctionFailedError, match="InvalidEvent"):
        headers_of({**event(), **changes})


@pytest.mark.parametrize(
    ("headers", "body", "encoded"),
    [
        pytest.param({"content-type": "text/x; charset=utf-8"}, b"a", False, id="text"),
        pytest.param({"content-type": "a/b+json"}, b"{}", False, id="json"),
        pytest.param({}, b"a", False, id="no type"),
        pytest.param({"content-type": "text/x"}, b"\xff", True, id="no text"),
        pytest.param({"content-type": "image/png"}, b"a", True, id="image"),
        pytest.param({"content-encoding": "gzip"}, b"a", True, id="packed"),
    ],
)
def test_what_is_not_text_is_encoded(
    headers: Mapping[str, str], body: bytes, encoded: bool
):
    head = Head(status=200, headers=tuple(headers.items()))

    payload = json.loads(payload_of(head, body))

    assert payload["isBase64Encoded"] is encoded


def test_headers_of_one_name_are_joined_and_cookies_are_not():
    head = Head(
        status=200,
        headers=(("a", "1"), ("a", "2"), ("set-cookie", "x"), ("set-cookie", "y")),
    )

    payload = json.loads(payload_of(head, b""))

    assert payload["headers"] == {"a": "1, 2"}
    assert payload["cookies"] == ["x", "y"]
