import base64

import pytest

from aikagi_function.caller import Caller
from aikagi_function.request import BadRequestError, Request
from tests.functions.conftest import ROLE, EventMaker


def test_a_request_is_read_whole(an_event: EventMaker):
    request = Request.from_event(an_event(headers={"Accept": "text/plain"}, body="hi"))

    assert request == Request(
        method="POST",
        path="/some/path",
        query={"a": "1,2"},
        headers={
            "host": "abc.lambda-url.ap-northeast-1.on.aws",
            "accept": "text/plain",
        },
        body=b"hi",
        request_id="e1506fd5-9e7b-434f-bd42-4f8fa224b599",
        caller=Caller(
            issuer="local",
            subject="alice",
            session_name="local+alice",
            access_key_id="ASIAEXAMPLEEXAMPLE00",
        ),
    )


def test_what_proves_the_caller_is_no_header(an_event: EventMaker):
    headers = {"Authorization": "AWS4-HMAC-SHA256 …", "X-Amz-Security-Token": "token"}

    request = Request.from_event(an_event(headers=headers))

    assert request.headers.keys() == {"host"}


def test_a_request_is_printed_without_what_was_sent(an_event: EventMaker):
    event = an_event(
        headers={"cookie": "secret-1"},
        body="secret-2",
        queryStringParameters={"X-Amz-Security-Token": "secret-3"},
    )

    assert "secret" not in repr(Request.from_event(event))


def test_a_request_without_query_body_or_caller_is_a_request(an_event: EventMaker):
    event = an_event()
    del event["queryStringParameters"]
    del event["requestContext"]["authorizer"]

    request = Request.from_event(event)

    assert (request.query, request.body, request.caller) == ({}, b"", None)


@pytest.mark.parametrize(
    "role",
    [
        "",
        ROLE,
        "arn:aws:iam::123456789012:role/trial-InvokeRole-OTHER",
        f"arn:aws:iam::210987654321:role/{ROLE}",
    ],
)
def test_nobody_is_believed_but_by_the_role_of_the_template(
    an_event: EventMaker, monkeypatch: pytest.MonkeyPatch, role: str
):
    monkeypatch.setenv("AIKAGI_INVOKE_ROLE_ARN", role)

    assert Request.from_event(an_event()).caller is None


def test_nobody_is_believed_where_no_role_is_named(
    an_event: EventMaker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AIKAGI_INVOKE_ROLE_ARN")

    assert Request.from_event(an_event()).caller is None


def test_a_body_in_base64_is_its_bytes(an_event: EventMaker):
    sent = bytes(range(256))
    event = an_event(body=base64.b64encode(sent).decode(), isBase64Encoded=True)

    assert Request.from_event(event).body == sent


def test_text_is_read_as_utf_8(an_event: EventMaker):
    sent = base64.b64encode("合鍵".encode()).decode()

    assert Request.from_event(an_event(body="合鍵")).text() == "合鍵"
    assert (
        Request.from_event(an_event(body=sent, isBase64Encoded=True)).text() == "合鍵"
    )


def test_text_that_is_not_utf_8_is_the_callers_fault(an_event: EventMaker):
    event = an_event(body=base64.b64encode(b"ab\xff").decode(), isBase64Encoded=True)

    with pytest.raises(BadRequestError, match="The body is not UTF-8: byte 2"):
        Request.from_event(event).text()


def test_json_is_read(an_event: EventMaker):
    assert Request.from_event(an_event(body='{"a": [1, "合"]}')).json() == {
        "a": [1, "合"]
    }


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="nothing"),
        pytest.param("{", id="half of it"),
        pytest.param("NaN", id="no number"),
        pytest.param('{"a": -Infinity}', id="no number within"),
        pytest.param("[" * 100_000, id="too deep"),
        pytest.param("1" * 5000, id="too many digits"),
    ],
)
def test_what_is_not_json_is_the_callers_fault(an_event: EventMaker, body: str):
    with pytest.raises(BadRequestError, match=r"The body is not JSON: .*\."):
        Request.from_event(an_event(body=body)).json()


@pytest.mark.parametrize(
    ("sent", "media_type"),
    [
        ({"content-type": "Text/Plain; charset=utf-8"}, "text/plain"),
        ({"Content-Type": "application/json"}, "application/json"),
        ({}, ""),
    ],
)
def test_the_content_type_is_the_media_type(
    an_event: EventMaker, sent: dict[str, str], media_type: str
):
    assert Request.from_event(an_event(headers=sent)).content_type == media_type


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"requestContext": None}, id="no context"),
        pytest.param({"requestContext": {"http": {}}}, id="an empty one"),
        pytest.param({"body": "???", "isBase64Encoded": True}, id="no base64"),
    ],
)
def test_another_event_is_refused_and_not_shown(
    an_event: EventMaker, members: dict[str, object]
):
    with pytest.raises(ValueError, match="not the event of a function URL") as caught:
        Request.from_event(an_event(**members))

    assert "token-of-alice" not in str(caught.value)


@pytest.mark.parametrize("member", ["requestContext", "rawPath", "headers"])
def test_an_event_without_a_part_of_every_request_is_refused(
    an_event: EventMaker, member: str
):
    event = an_event()
    del event[member]

    with pytest.raises(ValueError, match=f"not the event .*{member}"):
        Request.from_event(event)
