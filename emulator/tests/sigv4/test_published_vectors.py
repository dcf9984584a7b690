"""AWS's own examples: the published test suite and the documentation's request.

The facts (what is sent, which signature belongs to it) are those of the suite named
``aws-sig-v4-test-suite`` and of
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aikagi_emulator.sigv4 import Request
from emulator.tests.sigv4.signing import Key, accepted, refused

EXAMPLE = Key(
    access_key_id="AKIDEXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
)
THEN = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
POSTED = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
FORM = "application/x-www-form-urlencoded"


def a_vector(
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    signature: str,
    *,
    service: str = "service",
    host: str = "example.amazonaws.com",
) -> Request:
    path, _, query = target.partition("?")
    sent = [("host", host), *headers, ("x-amz-date", "20150830T123600Z")]
    authorization = (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/"
        f"aws4_request, SignedHeaders={';'.join(sorted({name for name, _ in sent}))},"
        f" Signature={signature}"
    )
    return Request(
        method=method,
        raw_path=path,
        raw_query=query,
        headers=(*sent, ("authorization", authorization)),
        body=body,
    )


VECTORS = [
    pytest.param("GET", "/", [], b"", VANILLA, id="get-vanilla"),
    pytest.param("GET", "/example/..", [], b"", VANILLA, id="get-relative"),
    pytest.param(
        "GET", "/example1/example2/../..", [], b"", VANILLA, id="get-relative-relative"
    ),
    pytest.param("GET", "/./", [], b"", VANILLA, id="get-slash-dot-slash"),
    pytest.param("GET", "//", [], b"", VANILLA, id="get-slash"),
    pytest.param(
        "GET",
        "//example//",
        [],
        b"",
        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        id="get-slashes",
    ),
    pytest.param(
        "GET",
        "/./example",
        [],
        b"",
        "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
        id="get-slash-pointless-dot",
    ),
    pytest.param(
        "GET",
        "/?Param1=value1",
        [],
        b"",
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
        id="get-vanilla-query",
    ),
    pytest.param(
        "GET",
        "/?Param2=value2&Param1=value1",
        [],
        b"",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        id="get-vanilla-query-order-key-case",
    ),
    pytest.param(
        "GET",
        "/?%E1%88%B4=bar",
        [],
        b"",
        "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
        id="get-vanilla-utf8-query",
    ),
    pytest.param(
        "GET",
        "/",
        [("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")],
        b"",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        id="get-header-key-duplicate",
    ),
    pytest.param(
        "GET",
        "/",
        [("my-header1", f"value{number}") for number in (4, 1, 3, 2)],
        b"",
        "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
        id="get-header-value-order",
    ),
    pytest.param(
        "GET",
        "/",
        [("my-header1", " value1"), ("my-header2", ' "a   b   c"')],
        b"",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        id="get-header-value-trim",
    ),
    pytest.param("POST", "/", [], b"", POSTED, id="post-vanilla"),
    pytest.param(
        "POST",
        "/?Param1=value1",
        [],
        b"",
        "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
        id="post-vanilla-query",
    ),
    pytest.param(
        "POST",
        "/",
        [("content-type", FORM)],
        b"Param1=value1",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        id="post-x-www-form-urlencoded",
    ),
]


@pytest.mark.parametrize(("method", "target", "headers", "body", "signature"), VECTORS)
def test_a_published_signature_is_accepted(
    method: str,
    target: str,
    headers: list[tuple[str, str]],
    body: bytes,
    signature: str,
):
    request = a_vector(method, target, headers, body, signature)

    found = accepted(
        request, service="service", region="us-east-1", now=THEN, keys=[EXAMPLE]
    )

    assert found is EXAMPLE


@pytest.mark.parametrize(("method", "target", "headers", "body", "signature"), VECTORS)
def test_a_published_signature_is_for_its_own_body_only(
    method: str,
    target: str,
    headers: list[tuple[str, str]],
    body: bytes,
    signature: str,
):
    request = a_vector(method, target, headers, body + b"!", signature)

    refusal = refused(
        request, service="service", region="us-east-1", now=THEN, keys=[EXAMPLE]
    )

    assert refusal.code == "InvalidSignatureException"


def test_the_request_of_the_documentation_is_accepted():
    request = a_vector(
        "GET",
        "/?Action=ListUsers&Version=2010-05-08",
        [("content-type", f"{FORM}; charset=utf-8")],
        b"",
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        service="iam",
        host="iam.amazonaws.com",
    )

    found = accepted(
        request, service="iam", region="us-east-1", now=THEN, keys=[EXAMPLE]
    )

    assert found is EXAMPLE


def test_without_a_host_the_published_signature_means_nothing():
    request = a_vector("GET", "/", [], b"", VANILLA)
    moved = replace(request, headers=(("host", "other"), *request.headers[1:]))

    refusal = refused(
        moved, service="service", region="us-east-1", now=THEN, keys=[EXAMPLE]
    )

    assert refusal.code == "InvalidSignatureException"
