import json
from typing import Any

import pytest

from aikagi_emulator.urls.response import MalformedResponseError, Response, shape

JSON = ("content-type", "application/json")


def shaped(result: object) -> Response:
    return shape(json.dumps(result).encode())


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        pytest.param(b'{"hello":  "world"}', b'{"hello":  "world"}', id="object"),
        pytest.param(b'["hello", 3, true]', b'["hello", 3, true]', id="list"),
        pytest.param(b'"hello"', b"hello", id="string"),
        pytest.param(b"3.1", b"3.1", id="number"),
        pytest.param(b"null", b"null", id="nothing"),
        pytest.param(b'{"body": "x"}', b'{"body": "x"}', id="no status"),
    ],
)
def test_json_without_a_status_is_the_body(payload: bytes, body: bytes):
    assert shape(payload) == Response(status=200, headers=(JSON,), body=body)


def test_a_whole_response():
    response = shaped(
        {
            "statusCode": 201,
            "headers": {"Content-Type": "text/plain", "My-Header": "Value", "N": 5},
            "cookies": ["a=1; Max-Age=5", "b=2"],
            "body": "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        }
    )

    assert response == Response(
        status=201,
        headers=(
            ("content-type", "text/plain"),
            ("my-header", "Value"),
            ("n", "5"),
            ("set-cookie", "a=1; Max-Age=5"),
            ("set-cookie", "b=2"),
        ),
        body=b"caf\xc3\xa9",
    )


@pytest.mark.parametrize(
    ("result", "body"),
    [
        pytest.param(
            {"body": "AAH/", "isBase64Encoded": True}, b"\x00\x01\xff", id="b64"
        ),
        pytest.param({"body": "AAH/", "isBase64Encoded": False}, b"AAH/", id="text"),
        pytest.param({"body": {"a": 1}}, b'{"a": 1}', id="object"),
        pytest.param({"body": None}, b"", id="null"),
        pytest.param({}, b"", id="none"),
    ],
)
def test_a_body_is_what_it_says_it_is(result: dict[str, Any], body: bytes):
    response = shaped({"statusCode": "200", **result})

    assert (response.status, response.body) == (200, body)
    assert response.headers == (JSON,)


def test_headers_that_are_not_the_functions_to_set_are_dropped():
    headers = {
        "Content-Length": "5",
        "Connection": "close",
        "Transfer-Encoding": "chunked",
        "Date": "yesterday",
        "X-Amzn-RequestId": "mine",
        "X-Mine": "kept",
    }

    response = shaped({"statusCode": 200, "headers": headers})

    assert response.headers == (("x-mine", "kept"), JSON)


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_content_has_none(status: int):
    assert shaped({"statusCode": status, "body": "x"}).body == b""


@pytest.mark.parametrize(
    "result",
    [
        pytest.param({"statusCode": "OK"}, id="word for a status"),
        pytest.param({"statusCode": True}, id="true for a status"),
        pytest.param({"statusCode": 99}, id="two digits"),
        pytest.param({"statusCode": 100}, id="interim status"),
        pytest.param({"statusCode": 600}, id="no such class"),
        pytest.param({"statusCode": 200.5}, id="fraction"),
        pytest.param({"statusCode": None}, id="null status"),
        pytest.param({"statusCode": 200, "headers": ["a"]}, id="list of headers"),
        pytest.param({"statusCode": 200, "headers": {"a b": "c"}}, id="header name"),
        pytest.param({"statusCode": 200, "headers": {"a": ["b"]}}, id="header list"),
        pytest.param({"statusCode": 200, "headers": {"a": "b\r\nc: d"}}, id="split"),
        pytest.param({"statusCode": 200, "headers": {"a": "\u3042"}}, id="not latin"),
        pytest.param({"statusCode": 200, "cookies": "a=1"}, id="one cookie"),
        pytest.param({"statusCode": 200, "cookies": ["a\nb"]}, id="cookie split"),
        pytest.param(
            {"statusCode": 200, "body": "???", "isBase64Encoded": True}, id="base64"
        ),
        pytest.param({"statusCode": 200, "body": "\ud800"}, id="surrogate"),
    ],
)
def test_a_shape_that_cannot_become_a_response_is_refused(result: object):
    with pytest.raises(MalformedResponseError):
        shaped(result)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\x00", id="no JSON at all"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="nested too deeply to read"),
    ],
)
def test_what_is_not_json_is_refused(payload: bytes):
    with pytest.raises(MalformedResponseError, match="not JSON"):
        shape(payload)
