"""Whatever arrives, the answer is the credentials or one kind of refusal."""

import contextlib
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from emulator.tests.sigv4.signing import (
    HOST,
    SESSION,
    accepted,
    presigned,
    refused,
    signed,
)

SCOPE = "ASIAIOSFODNN7EXAMPLE/20261123/ap-northeast-1/lambda/aws4_request"
SNIPPETS = st.sampled_from(
    [
        "AWS4-HMAC-SHA256 ",
        f"Credential={SCOPE}, ",
        "SignedHeaders=host;x-amz-date, ",
        "Signature=",
        "0" * 64,
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&",
        f"X-Amz-Credential={SCOPE}&",
        "X-Amz-Date=20261123T120000Z&",
        "X-Amz-Date=99991231T235959Z&",
        "X-Amz-Expires=604800&",
        "X-Amz-SignedHeaders=host&",
        "X-Amz-Signature=0&",
        "20261123T120000Z",
        "host",
        "%",
        "%00",
        "/",
        "=",
        "&",
        ",",
        ";",
    ]
)
ANYTHING = st.text(alphabet=st.characters(exclude_categories=()), max_size=20)
TEXT = st.lists(SNIPPETS | ANYTHING, max_size=10).map("".join)
NAME = (
    st.sampled_from(
        [
            "authorization",
            "host",
            "x-amz-date",
            "date",
            "x-amz-security-token",
            "x-amz-content-sha256",
        ]
    )
    | ANYTHING
)
HEADERS = st.lists(st.tuples(NAME, TEXT), max_size=6).map(tuple)


@settings(max_examples=200, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST"]) | ANYTHING,
    path=TEXT.map(lambda text: "/" + text) | TEXT,
    query=TEXT,
    headers=HEADERS,
    body=st.binary(max_size=20),
)
def test_nothing_but_a_refusal_is_raised(
    method: str,
    path: str,
    query: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
):
    request = Request(
        method=method, raw_path=path, raw_query=query, headers=headers, body=body
    )

    refused(request)


@settings(deadline=None)
@given(value=TEXT, name=NAME)
def test_a_signed_request_survives_any_header_or_is_refused(name: str, value: str):
    request = signed("POST", "/a?b=c", body=b"1")
    added = replace(request, headers=(*request.headers, (name, value)))

    with contextlib.suppress(SignatureRefusedError):
        assert accepted(added) is SESSION


@settings(deadline=None)
@given(value=TEXT, at=st.integers(min_value=0, max_value=400))
def test_a_presigned_url_survives_any_insertion_or_is_refused(value: str, at: int):
    request = presigned("GET", "/a?b=c")
    query = request.raw_query[:at] + value + request.raw_query[at:]

    with contextlib.suppress(SignatureRefusedError):
        assert accepted(replace(request, raw_query=query)) is SESSION


def test_huge_requests_are_refused_without_trouble():
    huge = "9" * 2_000_000
    names = ";".join(f"x-{number:06}" for number in range(50_000))
    many = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders={names}"
    bare = signed()

    for request in (
        replace(bare, raw_path="/" + "../" * 200_000 + "x"),
        replace(bare, raw_query="&".join(["a=%41"] * 100_000)),
        replace(bare, headers=(("host", HOST), ("authorization", huge))),
        replace(
            bare,
            headers=(
                ("host", HOST),
                ("x-amz-date", "20261123T120000Z"),
                ("authorization", f"{many}, Signature={huge}"),
            ),
        ),
    ):
        refusal = refused(request)
        assert len(refusal.why) < 6000
        assert len(refusal.message) < 6000
