"""What a presigned URL must and may look like."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emulator.tests.sigv4.signing import (
    FOREVER,
    NOW,
    SESSION,
    accepted,
    in_query,
    presigned,
    refused,
)


@pytest.mark.parametrize(
    "name",
    ["Algorithm", "Credential", "Date", "SignedHeaders", "Signature"],
)
def test_a_missing_parameter_is_named(name: str):
    request = presigned()
    pieces = request.raw_query.split("&")
    kept = "&".join(p for p in pieces if not p.startswith(f"X-Amz-{name}="))

    refusal = refused(replace(request, raw_query=kept))

    assert refusal.code == "IncompleteSignatureException"
    assert refusal.message == (
        f"AWS query-string parameters must include 'X-Amz-{name}'."
        " Re-examine the query-string parameters."
    )


@pytest.mark.parametrize(
    "name",
    [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Security-Token",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ],
)
def test_a_parameter_given_twice_is_refused(name: str):
    request = presigned()
    piece = next(p for p in request.raw_query.split("&") if p.startswith(f"{name}="))

    refusal = refused(replace(request, raw_query=f"{request.raw_query}&{piece}"))

    assert refusal.code == "IncompleteSignatureException"
    assert refusal.message == f"The query holds '{name}' more than once"


@pytest.mark.parametrize("expires", [1, 60, 604_800])
def test_a_presigned_url_lasts_as_long_as_it_says(expires: int):
    request = presigned(key=FOREVER, expires=expires)
    end = NOW + timedelta(seconds=expires)

    assert accepted(request, now=end) is FOREVER
    refusal = refused(request, now=end + timedelta(seconds=1))
    assert refusal.code == "InvalidSignatureException"
    assert refusal.message.startswith("Signature expired: 20261123T120000Z is now")


@pytest.mark.parametrize("expires", [0, 604_801, 999_999])
def test_a_life_out_of_range_is_refused(expires: int):
    refusal = refused(presigned(expires=expires))

    assert refusal.code == "IncompleteSignatureException"
    assert refusal.message == (
        "X-Amz-Expires must be a number of seconds from 1 to 604800"
    )


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+60", "6e1", "60.0", "%2060", "%D9%A1", "1_0", "9" * 5000],
    ids=ascii,
)
def test_a_life_that_is_no_number_is_refused(text: str):
    request = in_query(presigned(), "X-Amz-Expires=60", f"X-Amz-Expires={text}")

    assert refused(request).code == "IncompleteSignatureException"


def test_a_presigned_url_is_not_good_before_its_time():
    early = NOW - timedelta(minutes=5)

    assert accepted(presigned(), now=early) is SESSION
    refusal = refused(presigned(), now=early - timedelta(seconds=1))
    assert refusal.message.startswith("Signature not yet current: 20261123T120000Z is")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("x-amz-date", "20261123T120000Z", id="time"),
        pytest.param("x-amz-security-token", str(SESSION.session_token), id="token"),
    ],
)
def test_a_second_copy_in_a_header_is_refused_even_when_signed(name: str, value: str):
    request = presigned(headers=[(name, value)])

    refusal = refused(request)

    assert refusal.code == "IncompleteSignatureException"
    assert name in refusal.message


def test_another_algorithm_is_named():
    request = in_query(presigned(), "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")

    refusal = refused(request)

    assert refusal.code == "IncompleteSignatureException"
    assert refusal.message == "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."


def test_a_value_that_is_no_ascii_is_refused():
    request = in_query(presigned(), "X-Amz-Date=2026", "X-Amz-Date=%C3%A9")

    assert refused(request).message == "AWS query-string parameters must be ASCII"


def test_a_scope_may_be_encoded_or_not():
    request = presigned()

    bare = in_query(request, "%2F", "/")

    assert accepted(bare) is SESSION
