"""What the client signs, as it arrives over a socket, is what AWS would accept."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import httpx2
import pytest

from aikagi import AddressError, Broker
from aikagi.httpx_auth import LentAuth as HttpxAuth
from local.sigv4 import SignatureRefusedError
from tests.aikagi.loopback import Loopback

VECTORS = [
    pytest.param("", "/", "", id="nothing"),
    pytest.param("tasks/1", "/tasks/1", "", id="relative"),
    pytest.param("/a b", "/a%20b", "", id="space"),
    pytest.param("/合鍵/é", "/%E5%90%88%E9%8D%B5/%C3%A9", "", id="unicode"),
    pytest.param("/%e5%90%88", "/%E5%90%88", "", id="lower-case escapes"),
    pytest.param("/f(!'*)", "/f(!'*)", "", id="sub-delimiters"),
    pytest.param("/a%2Fb", "/a%2Fb", "", id="escaped slash"),
    pytest.param("/a%2fb%252f", "/a%2Fb%252f", "", id="escaped escape"),
    pytest.param("/a//b///c/", "/a/b/c/", "", id="repeated slashes"),
    pytest.param("/a/../b/./c", "/b/c", "", id="dot segments"),
    pytest.param("/a/%2e%2e/b", "/b", "", id="escaped dot segments"),
    pytest.param("/a+b&c=d;e,f:g@h$i", "/a+b&c=d;e,f:g@h$i", "", id="reserved"),
    pytest.param("/100%", "/100%25", "", id="a lone percent sign"),
    pytest.param("/p#fragment", "/p", "", id="fragment"),
    pytest.param("?b=2&a=1", "/", "b=2&a=1", id="query, unsorted"),
    pytest.param("?a=2&a=1&a=2", "/", "a=2&a=1&a=2", id="query, repeated"),
    pytest.param("?q=a+b", "/", "q=a%20b", id="query, plus is a space"),
    pytest.param("?q=a%2Bb", "/", "q=a%2Bb", id="query, escaped plus"),
    pytest.param("?q=合鍵", "/", "q=%E5%90%88%E9%8D%B5", id="query, unicode"),
    pytest.param("?q=(!'*)", "/", "q=%28%21%27%2A%29", id="query, sub-delimiters"),
    pytest.param("?a=&b", "/", "a=&b=", id="query, empty values"),
    pytest.param("?=x&a=1&=y", "/", "a=1", id="query, empty names"),
    pytest.param("?a=b=c", "/", "a=b%3Dc", id="query, equals sign"),
    pytest.param("?a=%zz&b=%FF", "/", "a=%25zz&b=%FF", id="query, odd escapes"),
    pytest.param("?a[]=1&A=~-_.", "/", "a%5B%5D=1&A=~-_.", id="query, brackets"),
]


def test_there_are_twenty_five_vectors():
    assert len(VECTORS) == 25


@pytest.mark.parametrize(("typed", "path", "query"), VECTORS)
def test_an_address_is_signed_as_it_is_sent(
    alice: Broker, loopback: Loopback, typed: str, path: str, query: str
):
    assert alice.call("hello", path=typed).result() == {"ok": True}

    [request] = loopback.calls
    assert (request.raw_path, request.raw_query) == (path, query)


@pytest.mark.parametrize(
    ("init", "body"),
    [
        pytest.param({"data": "合鍵 é"}, "合鍵 é".encode(), id="text"),
        pytest.param({"data": b"\0\xff\n"}, b"\0\xff\n", id="bytes"),
        pytest.param({"json": {"a": [1]}}, b'{"a":[1]}', id="JSON"),
        pytest.param({"data": b""}, b"", id="empty"),
        pytest.param({"method": "PUT", "data": "x"}, b"x", id="PUT"),
        pytest.param({"headers": {"X-Words": " a  b "}}, b"", id="header, spaces"),
        pytest.param({"headers": {"X-Amz-Meta": "m"}}, b"", id="header, amz"),
        pytest.param({"headers": {"X-Amz-Date": "then"}}, b"", id="header, ours"),
        pytest.param({"headers": {"Authorization": "Basic eA=="}}, b"", id="theirs"),
    ],
)
def test_a_body_and_headers_are_signed_as_they_are_sent(
    alice: Broker, loopback: Loopback, init: dict[str, Any], body: bytes
):
    assert alice.call("hello", **init).result() == {"ok": True}

    [request] = loopback.calls
    assert request.body == body


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"body": b"two"}, id="body"),
        pytest.param({"raw_path": "/other"}, id="path"),
        pytest.param({"raw_query": "a=2"}, id="query"),
        pytest.param({"method": "PUT"}, id="method"),
    ],
)
def test_a_request_changed_on_its_way_is_refused(
    alice: Broker, loopback: Loopback, change: dict[str, Any]
):
    alice.call("hello", path="/task?a=1", data="one").result()
    [request] = loopback.calls
    loopback.verified(request)

    with pytest.raises(SignatureRefusedError):
        loopback.verified(replace(request, **change))


def test_a_header_of_the_caller_is_covered_by_the_signature(
    alice: Broker, loopback: Loopback
):
    alice.call("hello", headers={"X-Words": "a"}).result()
    [request] = loopback.calls
    changed = tuple((k, "b" if k == "x-words" else v) for k, v in request.headers)

    with pytest.raises(SignatureRefusedError):
        loopback.verified(replace(request, headers=changed))


@pytest.mark.parametrize(
    "path", ["//evil.example/", "https://evil.example/", "http://localhost:1/"]
)
def test_no_key_leaves_for_another_origin(alice: Broker, loopback: Loopback, path: str):
    with pytest.raises(AddressError):
        alice.call("hello", path=path)

    assert alice.call("hello", path="/evil.example/").result() == {"ok": True}
    assert len(loopback.calls) == 1


def test_the_auth_class_itself_lets_no_key_leave(alice: Broker, loopback: Loopback):
    elsewhere = loopback.base  # another host than the function's

    with httpx2.Client(auth=alice.auth("hello")) as client:
        with pytest.raises(AddressError):
            client.get(elsewhere + "caught")
        assert client.get(loopback.function).status_code == 200

    assert loopback.count("caught") == 0


def test_an_async_client_signs_too(alice: Broker, loopback: Loopback):
    async def post() -> int:
        async with httpx2.AsyncClient(auth=alice.auth("hello")) as client:
            answer = await client.post(f"{loopback.function}a b?q=a+b", json={"a": 1})
            return answer.status_code

    assert asyncio.run(post()) == 200


def test_httpx_signs_as_httpx2_does(alice: Broker, loopback: Loopback):
    async def post() -> int:
        async with httpx.AsyncClient(auth=HttpxAuth(alice, "hello")) as client:
            return (
                await client.post(f"{loopback.function}x?q=(+)", data={})
            ).status_code

    with httpx.Client(auth=HttpxAuth(alice, "hello")) as client:
        url = f"{loopback.function}合 鍵"
        assert client.post(url, content=b"x").status_code == 200
    assert asyncio.run(post()) == 200


def test_a_form_and_a_file_are_signed(alice: Broker, loopback: Loopback):
    with httpx2.Client(auth=alice.auth("hello")) as client:
        form = client.post(loopback.function, data={"a": "b c", "d": "+"})
        file = client.post(loopback.function, files={"f": ("a b.bin", b"\0\xff")})

    assert (form.status_code, file.status_code) == (200, 200)
    assert b"\0\xff" in loopback.calls[1].body
