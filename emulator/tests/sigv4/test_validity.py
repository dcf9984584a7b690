"""Scope and time."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from aikagi_emulator.sigv4 import Request
from emulator.tests.sigv4.signing import (
    HOST,
    NOW,
    SESSION,
    accepted,
    in_header,
    presigned,
    refused,
    signed,
)

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("make", [signed, presigned])
def test_a_signature_for_another_service_is_refused(make: Callable[..., Request]):
    request = make(service="lambda")

    assert accepted(request, service="lambda") is SESSION
    refusal = refused(request, service="sts")
    assert refusal.code == "InvalidSignatureException"
    assert refusal.message == "Credential should be scoped to correct service: 'sts'."
    assert "'lambda'" in refusal.why


@pytest.mark.parametrize("make", [signed, presigned])
def test_a_signature_for_another_region_is_refused(make: Callable[..., Request]):
    request = make(region="us-east-1")

    assert accepted(request, region="us-east-1") is SESSION
    refusal = refused(request, region="ap-northeast-1")
    assert refusal.code == "InvalidSignatureException"
    assert refusal.message == "Credential should be scoped to a valid region."
    assert "'us-east-1'" in refusal.why


def test_a_scope_ends_in_its_terminator():
    request = in_header(signed(), "authorization", "aws4_request", "aws5_request")

    refusal = refused(request)

    assert refusal.message == (
        "Credential should be scoped with a valid terminator: 'aws4_request', not"
        " 'aws5_request'."
    )


@pytest.mark.parametrize("day", ["20261122", "20261124", "2026112", "", "202611230"])
def test_the_day_of_the_scope_is_the_day_of_the_time(day: str):
    request = in_header(signed(), "authorization", "/20261123/", f"/{day}/")

    refusal = refused(request)

    assert refusal.code == "InvalidSignatureException"
    assert refusal.message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of"
        f" date from HTTP: '{day}' != '20261123', from '20261123T120000Z'."
    )


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_a_clock_may_be_five_minutes_off_either_way(minutes: int):
    now = NOW + timedelta(minutes=minutes)

    assert accepted(signed(), now=now) is SESSION


def test_an_old_signature_is_refused_in_the_words_of_aws():
    refusal = refused(signed(), now=NOW + timedelta(minutes=5) + SECOND)

    assert refusal.code == "InvalidSignatureException"
    assert refusal.message == (
        "Signature expired: 20261123T120000Z is now earlier than 20261123T120001Z"
        " (20261123T120501Z - 5 min.)"
    )


def test_a_signature_from_the_future_is_refused_in_the_words_of_aws():
    refusal = refused(signed(), now=NOW - timedelta(minutes=5) - SECOND)

    assert refusal.code == "InvalidSignatureException"
    assert refusal.message == (
        "Signature not yet current: 20261123T120000Z is still later than"
        " 20261123T115959Z (20261123T115459Z + 5 min.)"
    )


def test_less_than_a_second_too_late_is_too_late():
    late = NOW + timedelta(minutes=5, microseconds=1)

    assert refused(signed(), now=late).code == "InvalidSignatureException"


def test_a_presigned_url_without_a_life_is_judged_by_the_clock():
    """Aws4fetch leaves X-Amz-Expires out for all services but S3."""
    request = Request(
        method="GET",
        raw_path="/",
        raw_query=(
            "X-Amz-Date=20261123T120000Z"
            "&X-Amz-Security-Token=FwoGZXIvYXdzEBc%2B%2FaDHp0a2Vu%3D%3D"
            "&X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20261123%2Fap-northeast-1%2Flambda%2Faws4_request"
            "&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=2fbb87d68306aa38445d727e1693bfe39ad25f0db040f24e7ae5473a9a35cc12"
        ),
        headers=(("host", HOST),),
        body=b"",
    )
    limit = NOW + timedelta(minutes=5)

    assert accepted(request, now=limit) is SESSION
    refusal = refused(request, now=limit + SECOND)
    assert refusal.message.startswith("Signature expired: 20261123T120000Z is now")
