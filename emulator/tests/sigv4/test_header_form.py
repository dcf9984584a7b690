"""What an Authorization header must and may look like."""

from dataclasses import replace

import pytest

from emulator.tests.sigv4.signing import (
    SESSION,
    accepted,
    in_header,
    refused,
    signed,
    with_header,
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(", ", ",", id="no spaces"),
        pytest.param(", ", ",  ", id="more spaces"),
        pytest.param("SHA256 ", "SHA256  ", id="a space more at the beginning"),
    ],
)
def test_spaces_between_the_fields_are_free(old: str, new: str):
    assert accepted(in_header(signed(), "authorization", old, new)) is SESSION


def test_the_fields_may_come_in_any_order():
    request = signed()
    algorithm, _, rest = request.header("authorization")[0].partition(" ")
    turned = f"{algorithm} {', '.join(reversed(rest.split(', ')))}"

    assert accepted(with_header(request, "authorization", turned)) is SESSION


@pytest.mark.parametrize(
    "field",
    ["Credential", "SignedHeaders", "Signature"],
)
def test_a_missing_field_is_named(field: str):
    request = signed()
    pieces = request.header("authorization")[0].replace(", ", " ").split(" ")
    kept = ", ".join(piece for piece in pieces[1:] if not piece.startswith(field))

    refusal = refused(with_header(request, "authorization", f"{pieces[0]} {kept}"))

    assert refusal.code == "IncompleteSignatureException"
    assert refusal.message == f"Authorization header requires '{field}' parameter."


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("AWS4-HMAC-SHA256", id="only the algorithm"),
        pytest.param("AWS4-HMAC-SHA256 Credential", id="no value"),
        pytest.param("Bearer eyJhbGciOi", id="bearer"),
        pytest.param("eyJhbGciOi", id="bare token"),
        pytest.param("AWS4-ECDSA-P256-SHA256 Credential=a", id="asymmetric"),
        pytest.param("aws4-hmac-sha256 Credential=a", id="lower case"),
    ],
)
def test_what_is_no_signature_is_incomplete(value: str):
    refusal = refused(with_header(signed(), "authorization", value))

    assert refusal.code == "IncompleteSignatureException"
    assert "eyJ" not in refusal.why + refusal.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Signature=", f"Signature={'0' * 64}, Signature=", id="twice"),
        pytest.param("Signature=", "Extra=1, Signature=", id="one too many"),
        pytest.param("SHA256 ", "SHA256 , ", id="an empty one"),
        pytest.param("Signature=", "Signature=\xe9", id="not ASCII"),
        pytest.param("/lambda/", "/lambda/x/", id="six parts of a scope"),
        pytest.param("/lambda/", "/", id="four parts of a scope"),
    ],
)
def test_a_malformed_field_is_incomplete(old: str, new: str):
    refusal = refused(in_header(signed(), "authorization", old, new))

    assert refusal.code == "IncompleteSignatureException"


def test_two_merged_headers_are_refused():
    request = signed()
    (value,) = request.header("authorization")

    refusal = refused(with_header(request, "authorization", f"{value}, {value}"))

    assert refusal.code == "IncompleteSignatureException"


@pytest.mark.parametrize("name", ["x-amz-date", "x-amz-security-token"])
def test_a_time_or_token_given_twice_is_refused(name: str):
    request = signed()
    (value,) = request.header(name)

    refusal = refused(with_header(request, name, value, value))

    assert refusal.code == "IncompleteSignatureException"
    assert refusal.message == f"The header '{name}' must not be repeated"


def test_a_missing_time_is_named():
    refusal = refused(with_header(signed(), "x-amz-date"))

    assert refusal.code == "IncompleteSignatureException"
    assert refusal.message == (
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date'"
        " header."
    )


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("20260230T120000Z", id="30 February"),
        pytest.param("2026-11-23T12:00:00Z", id="extended format"),
        pytest.param("Mon, 23 Nov 2026 12:00:00 GMT", id="the format of Date"),
        pytest.param("99999999T999999Z", id="nines"),
        pytest.param("\x00", id="NUL"),
        pytest.param("9" * 100_000, id="huge"),
    ],
)
def test_a_time_that_does_not_exist_is_refused(value: str):
    refusal = refused(with_header(signed(), "x-amz-date", value))

    assert refusal.code == "IncompleteSignatureException"
    assert refusal.message.startswith("Date must be in ISO-8601 'basic format'. Got '")
    assert len(refusal.message) < 300


def test_the_time_may_stand_in_date_alone():
    """Botocore signs with a Date header where the caller set one."""
    request = signed(headers=[("Date", "Mon, 23 Nov 2026 12:00:00 GMT")])

    assert request.header("x-amz-date") == ()
    assert accepted(request) is SESSION


def test_x_amz_date_wins_over_date():
    request = signed()
    dated = replace(
        request,
        headers=(*request.headers, ("date", "Tue, 24 Nov 2026 12:00:00 GMT")),
    )

    assert accepted(dated) is SESSION
