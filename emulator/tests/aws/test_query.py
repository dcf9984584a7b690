from typing import Any
from urllib.parse import quote

import pytest
from botocore.parsers import QueryParser

from aikagi_emulator.aws import query
from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.sigv4 import Request


def request(*, method: str = "POST", raw_query: str = "", body: bytes = b"") -> Request:
    return Request(
        method=method, raw_path="/", raw_query=raw_query, headers=(), body=body
    )


def test_a_form_is_read_as_utf_8():
    text = f"Action=AssumeRole&Name={quote('研究')}&Plus=a+b%2Bc&Empty="

    found = query.parameters_of(request(body=text.encode()))

    assert found == {
        "Action": "AssumeRole",
        "Name": "研究",
        "Plus": "a b+c",
        "Empty": "",
    }


def test_a_presigned_url_is_read_without_its_signature():
    found = query.parameters_of(
        request(method="GET", raw_query="Action=GetCallerIdentity&X-Amz-Signature=ab")
    )

    assert found == {"Action": "GetCallerIdentity"}


@pytest.mark.parametrize(
    ("raw_query", "body"),
    [
        pytest.param("", b"Action=A&Action=B", id="a parameter twice"),
        pytest.param("Action=A", b"Action=B", id="once in each place"),
        pytest.param("", b"Name=%FF", id="not UTF-8"),
        pytest.param("", b"Name=\xff", id="not ASCII"),
        pytest.param("", b"Action", id="no equals sign"),
        pytest.param("", b"&".join(b"a%d=" % n for n in range(501)), id="too many"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(raw_query: str, body: bytes):
    with pytest.raises(AwsError) as caught:
        query.parameters_of(request(raw_query=raw_query, body=body))

    assert (caught.value.code, caught.value.status) == ("MalformedQueryString", 400)


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        pytest.param("a < b & c", "a < b & c", id="markup"),
        pytest.param("a\0b\ud800c\x1b", "a�b�c�", id="what XML cannot say"),
        pytest.param("研究 🜁", "研究 🜁", id="any script"),
    ],
)
def test_an_sdk_hears_an_error_whatever_it_says(message: str, heard: str):
    answer = query.failure(AwsError("ValidationError", message))

    parser: Any = QueryParser()  # an error needs no shape
    parsed = parser.parse(
        {"body": answer.body, "headers": {}, "status_code": answer.status}, None
    )

    assert parsed["Error"] == {
        "Type": "Sender",
        "Code": "ValidationError",
        "Message": heard,
    }
