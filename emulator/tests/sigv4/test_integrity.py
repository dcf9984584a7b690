"""What a request must be before its signature is looked at."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from aikagi_emulator.sigv4 import Request
from emulator.tests.sigv4.signing import (
    HOST,
    SESSION,
    accepted,
    in_header,
    in_query,
    presigned,
    refused,
    signed,
    with_header,
)

BODY = b'{"n": 1}'
HASH = hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("", id="empty"),
        pytest.param("*", id="asterisk form"),
        pytest.param(f"https://{HOST}/", id="absolute form"),
        pytest.param("/a?b", id="a query inside"),
        pytest.param("/a#b", id="fragment"),
        pytest.param("/a b", id="space"),
        pytest.param("/\x00", id="NUL"),
        pytest.param("/a\r\nx-evil: 1", id="line break"),
        pytest.param("/\xc3\xa9", id="bytes beyond ASCII"),
        pytest.param("/\N{HIRAGANA LETTER A}", id="not even latin-1"),
        pytest.param("/\ud800", id="surrogate"),
        pytest.param("/%", id="bare percent"),
        pytest.param("/%4", id="half an escape"),
        pytest.param("/%zz", id="no hexadecimal"),
    ],
)
def test_a_path_that_cannot_be_sent_is_refused(path: str):
    refusal = refused(replace(signed(), raw_path=path))

    assert refusal.code == "InvalidSignatureException"
    assert "path of this host" in refusal.why or "request target" in refusal.why


@pytest.mark.parametrize(
    "query",
    ["a=%", "a=%f", "%gg", "a=\x00", "a=b c", "a=\xe9", "a=1#x", "a=\udcff", "a=%\n41"],
    ids=ascii,
)
def test_a_query_that_cannot_be_decoded_is_refused(query: str):
    refusal = refused(replace(signed(), raw_query=query))

    assert refusal.code == "InvalidSignatureException"
    assert "request target" in refusal.why


@pytest.mark.parametrize("method", ["", "GET ", "G\x00T", "GÉT", "X" * 33], ids=ascii)
def test_what_is_no_method_is_refused(method: str):
    assert "not an HTTP method" in refused(replace(signed(), method=method)).why


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        pytest.param("host;", "", "'Host'", id="host left out"),
        pytest.param("host;", "Host;", "lower-case", id="capitals"),
        pytest.param("host;", "host;host;", "without repetition", id="repeated"),
        pytest.param("host;", "x-z;host;", "sorted", id="unsorted"),
        pytest.param("SignedHeaders=", "SignedHeaders=;", "sorted", id="an empty one"),
        pytest.param("host;", "host;no such;", "sorted", id="no header's name"),
        pytest.param("host;", "host;made-up;", "not sent: 'made-up'", id="not sent"),
    ],
)
def test_signed_headers_are_listed_properly(old: str, new: str, why: str):
    refusal = refused(in_header(signed(), "authorization", old, new))

    assert refusal.code == "InvalidSignatureException"
    assert why in refusal.why


@pytest.mark.parametrize("make", [signed, presigned])
def test_every_x_amz_header_is_signed(make: Callable[..., Request]):
    refusal = refused(with_header(make(), "x-amz-target", "Evil"))

    assert refusal.code == "InvalidSignatureException"
    assert refusal.message == (
        "There were headers present in the request which were not signed"
    )
    assert "x-amz-target" in refusal.why


def test_two_hosts_are_refused_even_when_signed():
    request = signed(headers=[("Host", HOST)])

    assert request.header("host") == (HOST, HOST)
    assert refused(request).why == "a request has exactly one Host header"


def test_other_headers_may_be_added_on_the_way():
    forwarded = with_header(signed(), "x-forwarded-for", "192.0.2.1")
    traced = with_header(forwarded, "x-amzn-trace-id", "Root=1")

    assert accepted(traced) is SESSION


@pytest.mark.parametrize(
    "value", ["a\x00b", "a\nb", "a\x7fb", "\N{SNOWMAN}"], ids=ascii
)
def test_a_signed_header_that_cannot_travel_is_refused(value: str):
    request = with_header(signed(headers=[("x-a", "1")]), "x-a", value)

    assert "cannot travel" in refused(request).why


def test_an_unsigned_header_may_hold_anything():
    assert accepted(with_header(signed(), "user-agent", "\xe9\x00")) is SESSION


def test_the_right_hash_is_accepted_where_it_is_claimed():
    request = signed("POST", "/", headers=[("x-amz-content-sha256", HASH)], body=BODY)

    assert accepted(request) is SESSION


@pytest.mark.parametrize(
    ("claimed", "why"),
    [
        pytest.param("UNSIGNED-PAYLOAD", "send the SHA-256", id="unsigned payload"),
        pytest.param(
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "send the SHA-256", id="chunks"
        ),
        pytest.param(
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "send the SHA-256", id="trailer"
        ),
        pytest.param(hashlib.sha256(b"").hexdigest(), HASH, id="another body"),
        pytest.param(HASH.upper(), HASH, id="capitals"),
        pytest.param("", HASH, id="empty"),
    ],
)
def test_a_signed_claim_about_the_body_must_be_true(claimed: str, why: str):
    """Botocore's own canonicalisation would take each of them at its word."""
    request = signed(
        "POST", "/", headers=[("x-amz-content-sha256", claimed)], body=BODY
    )

    refusal = refused(request)

    assert refusal.code == "InvalidSignatureException"
    assert refusal.why.startswith(f"x-amz-content-sha256 is '{claimed}'")
    assert why in refusal.why


def test_a_claim_in_the_query_must_be_true_too():
    request = presigned("GET", "/?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD")
    empty = hashlib.sha256(b"").hexdigest()

    assert accepted(presigned("GET", f"/?X-Amz-Content-Sha256={empty}")) is SESSION
    assert "send the SHA-256" in refused(request).why
    assert refused(in_query(request, "UNSIGNED-PAYLOAD", "x")).why
