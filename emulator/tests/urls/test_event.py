"""The event, compared with what AWS documents and what was recorded from it."""

import base64

import pytest

from emulator.tests.urls.fakes import ALICE, a_url, ask

HOST = {"host": "127.0.0.1:8101"}
SIGNED = {**HOST, "authorization": "alice"}


def test_the_whole_event_of_a_signed_request():
    answer = ask(
        a_url(),
        "POST",
        "/my/path?parameter1=value1&parameter1=value2&parameter2=value",
        headers=[
            *SIGNED.items(),
            ("header1", "value1"),
            ("Header2", "value1"),
            ("header2", "value2"),
            ("cookie", "cookie1=a; cookie2=b"),
            ("content-type", "text/plain; charset=utf-8"),
            ("user-agent", "agent"),
            ("x-amz-security-token", "token"),
        ],
        body=b"Hello from client!",
    )

    event = answer.json()
    url_id = event["requestContext"]["apiId"]
    assert len(url_id) == 32
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1=a", "cookie2=b"],
        "headers": {
            "host": "127.0.0.1:8101",
            "header1": "value1",
            "header2": "value1,value2",
            "content-type": "text/plain; charset=utf-8",
            "user-agent": "agent",
            "x-amz-security-token": "token",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "8101",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {
            "parameter1": "value1,value2",
            "parameter2": "value",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": url_id,
            "authentication": None,
            "authorizer": {
                "iam": {
                    "accessKey": "ASIAALICE",
                    "accountId": "123456789012",
                    "callerId": "AROAEXAMPLE:local+alice",
                    "cognitoIdentity": None,
                    "principalOrgId": None,
                    "userArn": ALICE.user_arn,
                    "userId": "AROAEXAMPLE:local+alice",
                }
            },
            "domainName": "127.0.0.1:8101",
            "domainPrefix": url_id,
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "agent",
            },
            "requestId": answer.get("x-amzn-requestid"),
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2030:12:00:00 +0000",
            "timeEpoch": 1_893_499_200_000,
        },
        "body": "Hello from client!",
        "isBase64Encoded": False,
    }


def test_an_unsigned_request_has_no_caller_and_keeps_its_authorization():
    url = a_url(auth_type="NONE")

    event = ask(url, headers={**HOST, "authorization": "Bearer x"}).json()

    assert event["requestContext"]["authorizer"] is None
    assert event["requestContext"]["accountId"] == "anonymous"
    assert event["headers"]["authorization"] == "Bearer x"


def test_what_is_empty_is_left_out():
    event = ask(a_url(), headers=SIGNED).json()

    assert not {"body", "cookies", "queryStringParameters"} & event.keys()
    assert event["rawQueryString"] == ""
    assert event["isBase64Encoded"] is False


def test_the_path_stays_as_it_came_and_the_query_comes_both_ways():
    event = ask(a_url(), target="/a%2Fb/%E3%81%82//c?q=%2Fx+y%20z&e", headers=SIGNED)

    assert event.json()["rawPath"] == "/a%2Fb/%E3%81%82//c"
    assert event.json()["requestContext"]["http"]["path"] == "/a%2Fb/%E3%81%82//c"
    assert event.json()["rawQueryString"] == "q=%2Fx+y%20z&e"
    assert event.json()["queryStringParameters"] == {"q": "/x y z", "e": ""}


def test_an_address_a_client_claims_does_not_arrive():
    claims = {
        "x-forwarded-for": "10.0.0.1",
        "X-Forwarded-Host": "elsewhere.example",
        "x-forwarded-proto": "https",
    }

    event = ask(a_url(), headers={**SIGNED, **claims}).json()

    forwarded = {k: v for k, v in event["headers"].items() if k.startswith("x-forw")}
    assert forwarded == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "8101",
        "x-forwarded-proto": "http",
    }


def test_headers_of_the_connection_end_here():
    event = ask(
        a_url(), headers={**SIGNED, "connection": "keep-alive", "te": "trailers"}
    ).json()

    assert not {"connection", "te"} & event["headers"].keys()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "TEXT/HTML; charset=utf-8",
        "application/json",
        "application/javascript",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/problem+json",
        "image/svg+xml",
    ],
)
def test_text_arrives_as_text(content_type: str):
    headers = {**SIGNED, "content-type": content_type}

    event = ask(a_url(), "POST", headers=headers, body=b'{"a": 1}').json()

    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("application/octet-stream", b"abc", id="bytes"),
        pytest.param("multipart/form-data; boundary=x", b"abc", id="form"),
        pytest.param("image/png", b"\x89PNG", id="image"),
        pytest.param("application/jsonx", b"{}", id="nearly JSON"),
        pytest.param("", b"abc", id="unsaid"),
        pytest.param("text/plain", b"\xff\xfe", id="text that is not UTF-8"),
    ],
)
def test_everything_else_arrives_in_base64(content_type: str, body: bytes):
    headers = {**SIGNED, "content-type": content_type}

    event = ask(a_url(), "POST", headers=headers, body=body).json()

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body
