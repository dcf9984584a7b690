"""What the client signs, as it arrives over a socket, is what AWS would accept."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

import httpx
import httpx2
import pytest

from aikagi import AddressError, Broker
from aikagi.httpx_auth import SigV4Auth as HttpxAuth
from aikagi_emulator.sigv4 import SignatureRefusedError
from tests.aikagi.loopback import Loopback
from tests.vector_files import load, reads

ALL: Final = load("requests")
OURS: Final = [vector for vector in ALL if vector.get("only") is None]
"""Those that are for every client."""

ADDRESSES: Final = [vector for vector in ALL if "body" not in vector]
"""All of them are typed in Python as in a browser."""


def test_there_are_twenty_five_vectors_and_ten_addresses_more():
    assert len(OURS) == 25
    assert len([vector for vector in ADDRESSES if vector not in OURS]) == 10


@reads("requests", lambda vector: "body" not in vector)
def test_an_address_is_signed_as_it_is_sent(
    alice: Broker, loopback: Loopback, vector: dict[str, str]
):
    assert alice.call("hello", path=vector["path"]).result() == {"ok": True}

    [request] = loopback.calls
    sent = request.raw_path + (request.raw_query and f"?{request.raw_query}")
    assert sent == vector["sent"]


@reads("requests", lambda vector: "body" in vector and "only" not in vector)
def test_a_body_is_signed_as_it_is_sent(
    alice: Broker, loopback: Loopback, vector: dict[str, str]
):
    body = base64.b64decode(vector["bytes"])
    data = body.decode() if vector["body"] == "text" else body

    call = alice.call("hello", method="POST", path=vector["path"], data=data)
    assert call.result() == {"ok": True}

    [request] = loopback.calls
    assert request.body == body
    if "type" in vector:
        assert request.header("content-type") == (vector["type"],)


def test_a_byte_that_is_no_text_stays_that_byte(alice: Broker, loopback: Loopback):
    assert alice.call("hello", path="/%ff?b=%FF").result() == {"ok": True}

    [request] = loopback.calls
    assert (request.raw_path, request.raw_query) == ("/%FF", "b=%FF")


@pytest.mark.parametrize(
    ("init", "body"),
    [
        pytest.param({"json": {"a": [1]}}, b'{"a":[1]}', id="JSON"),
        pytest.param({"data": b""}, b"", id="empty"),
        pytest.param({"method": "PUT", "data": "x"}, b"x", id="PUT"),
        pytest.param({"headers": {"X-Words": " a  b "}}, b"", id="header, spaces"),
        pytest.param({"headers": {"X-Amz-Meta": "m"}}, b"", id="header, amz"),
        pytest.param({"headers": {"X-Amz-Date": "then"}}, b"", id="header, ours"),
        pytest.param({"headers": {"Authorization": "Basic eA=="}}, b"", id="theirs"),
    ],
)
def test_what_a_caller_adds_is_signed_as_it_is_sent(
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


def test_a_body_that_comes_in_pieces_is_signed_whole(alice: Broker, loopback: Loopback):
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async def post() -> int:
        async with httpx2.AsyncClient(auth=alice.auth("hello")) as client:
            return (await client.post(loopback.function, content=pieces())).status_code

    with httpx2.Client(auth=alice.auth("hello")) as client:
        assert client.post(loopback.function, content=iter([b"1", b"2"])).is_success
    assert asyncio.run(post()) == 200
    assert [call.body for call in loopback.calls] == [b"12", b"one two"]


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
