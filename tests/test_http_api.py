"""The Lambda handler: the same application, and an answer to whatever comes in."""

import json
from ipaddress import ip_network
from typing import Any

import pytest
from fastapi import FastAPI

from app.broker import Broker
from app.http_api import Handler, handler_for
from app.web.application import create_app
from tests.fakes import RecordingAudit
from tests.http_api_events import http_api_event
from tests.routes import paths_with_get

FORM = {"content-type": "application/x-www-form-urlencoded"}


pytestmark = pytest.mark.usefixtures("current_loop")


@pytest.fixture
def handler(app: FastAPI) -> Handler:
    return handler_for(app)


def log_in(handler: Handler) -> str:
    event = http_api_event(
        "POST", "/auth/login", headers=FORM, body=b"username=alice&password=correct"
    )
    token: str = json.loads(handler(event, None)["body"])["access_token"]
    return token


def test_a_login_and_a_grant_pass_through(handler: Handler, audit: RecordingAudit):
    headers = {
        "authorization": f"Bearer {log_in(handler)}",
        "content-type": "application/json",
    }
    event = http_api_event(
        "POST", "/grant", headers=headers, body=b'{"FunctionName": "hello"}'
    )

    answer = handler(event, None)

    assert answer["statusCode"] == 200
    assert answer["isBase64Encoded"] is False
    assert answer["headers"]["cache-control"] == "no-store"
    assert json.loads(answer["body"])["FunctionName"] == "hello"
    [grant] = audit.grants
    assert grant.source.address == "203.0.113.7"
    assert grant.source.request_id == "JKJaXmPLvHcESHA="


@pytest.mark.parametrize(
    ("target", "media_type"),
    [
        ("/", "text/html"),
        ("/auth/me", "application/problem+json"),
        ("/static/aikagi.js", "text/javascript"),
        ("/openapi.json", "application/json"),
    ],
)
def test_text_leaves_as_text(handler: Handler, target: str, media_type: str):
    answer = handler(http_api_event("GET", target), None)

    assert answer["headers"]["content-type"].startswith(media_type)
    assert answer["isBase64Encoded"] is False


def test_head_is_get_without_a_body_on_every_path(app: FastAPI, handler: Handler):
    headers = {"authorization": f"Bearer {log_in(handler)}"}

    for path in paths_with_get(app):
        got = handler(http_api_event("GET", path, headers=headers), None)
        head = handler(http_api_event("HEAD", path, headers=headers), None)

        assert head["statusCode"] == got["statusCode"], path
        assert head["headers"] == got["headers"], path
        assert got["body"] != "", path
        assert head["body"] == "", path


def test_a_method_that_a_path_does_not_have_is_405_with_those_that_it_has(
    handler: Handler,
):
    answer = handler(http_api_event("X", "/healthz"), None)

    assert answer["statusCode"] == 405
    assert answer["headers"]["allow"] == "GET, HEAD"
    assert json.loads(answer["body"])["title"] == "Method Not Allowed"


def without(name: str) -> dict[str, Any]:
    event = http_api_event("GET", "/healthz")
    del event[name]
    return event


def headed(**headers: str) -> dict[str, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return http_api_event("GET", "/healthz", headers=sent)


def in_context(**changes: Any) -> dict[str, Any]:
    event = http_api_event("GET", "/healthz")
    event["requestContext"] = {**event["requestContext"], **changes}
    return event


def in_http(**changes: Any) -> dict[str, Any]:
    http = http_api_event("GET", "/healthz")["requestContext"]["http"]
    return in_context(http={**http, **changes})


def test_the_nearest_honest_events_are_answered(handler: Handler):
    events = [
        headed(x="one\tline, \N{GREEK SMALL LETTER ALPHA}"),
        in_http(sourceIp="2001:db8::1"),
        in_context(requestId="a" * 128),
        in_context(elb={"targetGroupArn": "arn"}),
        http_api_event("GET", "/healthz", cookies=["a=b"]),
        http_api_event("GET", "/healthz?a=%0a&b=~!$'()*+,;:@/?"),
        http_api_event("GET", "/healthz"),
        without("headers"),
        without("rawQueryString"),
        headed(host="example.com:8443", x_forwarded_port="8443"),
        http_api_event("GET", "/healthz", body=None, isBase64Encoded=True),
    ]

    assert [handler(event, None)["statusCode"] for event in events] == [200] * len(
        events
    )


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({}, id="an empty event"),
        pytest.param({"Records": [{"eventSource": "aws:sqs"}]}, id="a queue's"),
        pytest.param({"source": "aws.events"}, id="a schedule's"),
        pytest.param({"requestContext": {"elb": {}}}, id="a load balancer's"),
        pytest.param(
            {"resource": "/", "requestContext": {}, "httpMethod": "GET"},
            id="a REST API's",
        ),
        pytest.param(without("version"), id="of no version"),
        pytest.param(http_api_event("GET", "/", version="1.0"), id="of format 1.0"),
        pytest.param(without("requestContext"), id="without a context"),
        pytest.param(http_api_event("GET", "/", requestContext={}), id="empty context"),
        pytest.param(http_api_event("get it", "/"), id="no method"),
        pytest.param(http_api_event("GET", "nowhere"), id="no path"),
        pytest.param(headed(host="a:b:c"), id="a host with two colons"),
        pytest.param(headed(host="a:b"), id="a port of letters"),
        pytest.param(headed(host=""), id="an empty host"),
        pytest.param(headed(x_forwarded_port="abc"), id="a forwarded port of letters"),
        pytest.param(headed(x="\ud800"), id="a header with half a surrogate pair"),
        pytest.param(http_api_event("GET", "/", headers={"x": 1}), id="a number"),  # type: ignore[dict-item] # what a caller may invent
        pytest.param(http_api_event("GET", "/", headers={"x": ["1"]}), id="a list"),  # type: ignore[dict-item] # likewise
        pytest.param(
            http_api_event("POST", "/grant", body=b"", isBase64Encoded="yes"), id="yes"
        ),
        pytest.param(
            {
                **http_api_event("POST", "/grant"),
                "body": "%%%",
                "isBase64Encoded": True,
            },
            id="a body that is no base64",
        ),
        pytest.param({**http_api_event("POST", "/grant"), "body": {}}, id="a body {}"),
        pytest.param(
            {
                **http_api_event("POST", "/grant"),
                "body": "\ud800",
                "isBase64Encoded": False,
            },
            id="a body of half a surrogate pair",
        ),
        pytest.param(in_context(requestId="\u00e9"), id="a request id of letters"),
        pytest.param(in_context(requestId="\u3042"), id="beyond latin-1"),
        pytest.param(in_context(requestId="a\r\nSet-Cookie: b"), id="of two lines"),
        pytest.param(in_context(requestId="a" * 129), id="that is too long"),
        pytest.param(in_context(requestId=1), id="that is a number"),
        pytest.param(in_http(sourceIp="unknown"), id="an address that is none"),
        pytest.param(in_http(sourceIp="203.0.113.7\nforged"), id="and of two lines"),
        pytest.param(in_http(sourceIp=""), id="an empty address"),
        pytest.param(in_http(method="GET\n"), id="a method of two lines"),
        pytest.param(in_http(method=""), id="an empty method"),
        pytest.param(in_http(path="/\nforged"), id="a path of two lines"),
        pytest.param(in_http(path="/\x00"), id="a path with a NUL"),
        pytest.param(headed(x="a\nb"), id="a header of two lines"),
        pytest.param(headed(x="a\u2028b"), id="of two lines in Unicode"),
        pytest.param(
            http_api_event("GET", "/", headers={"a\nb": "c"}), id="in its name"
        ),
        pytest.param(
            http_api_event("GET", "/", headers={"": "c"}), id="without a name"
        ),
        pytest.param(
            http_api_event("GET", "/", headers={"Authorization": "a"})
            | {"headers": {"Authorization": "a", "authorization": "b"}},
            id="a header twice",
        ),
        pytest.param(
            http_api_event("GET", "/", rawQueryString="a=\n"), id="a query of two lines"
        ),
        pytest.param(
            http_api_event("GET", "/", rawQueryString="a=\u3042"), id="beyond ASCII"
        ),
    ],
)
def test_whatever_else_comes_in_is_a_400(handler: Handler, event: object):
    answer = handler(event, None)

    assert answer["statusCode"] == 400
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert json.loads(answer["body"]) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
    }


@pytest.mark.parametrize(
    "event",
    [
        http_api_event("GET", "/", headers={"a\nERROR forged": 1}),  # type: ignore[dict-item] # what a caller may invent
        http_api_event("GET", "/", headers={"a\nERROR forged": "b"}),
        headed(x="a\nERROR forged"),
        {**http_api_event("GET", "/"), "a\nERROR forged": 1},
        in_context(requestId="a\nERROR forged"),
        in_http(sourceIp="a\nERROR forged"),
        {"version": "2.0", "requestContext": {"http\nERROR forged": {}}},
    ],
)
def test_no_event_forges_a_line_of_the_log(
    handler: Handler, event: object, caplog: pytest.LogCaptureFixture
):
    handler(event, None)

    for record in caplog.records:
        assert "forged" not in record.getMessage()
        assert len(record.getMessage().splitlines()) == 1


def test_the_source_is_what_api_gateway_saw_whatever_else_an_event_says(
    handler: Handler, audit: RecordingAudit
):
    headers = {
        "authorization": f"Bearer {log_in(handler)}",
        "content-type": "application/json",
        "x-forwarded-for": "198.51.100.99",
    }
    event = http_api_event(
        "POST", "/grant", headers=headers, body=b'{"FunctionName": "hello"}'
    )
    event["requestContext"]["elb"] = {"targetGroupArn": "arn"}
    event["multiValueHeaders"] = {"x-forwarded-for": ["198.51.100.99"]}

    assert handler(event, None)["statusCode"] == 200
    [grant] = audit.grants
    assert grant.source.address == "203.0.113.7"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        pytest.param("198.51.100.99, 203.0.113.7", "198.51.100.99", id="one proxy"),
        pytest.param("198.51.100.99", "198.51.100.99", id="without the proxy itself"),
        pytest.param("1.1.1.1,198.51.100.99,203.0.113.7", "198.51.100.99", id="forged"),
        pytest.param("unknown, 203.0.113.7", "203.0.113.7", id="garbage"),
    ],
)
def test_a_proxy_before_api_gateway_is_believed_where_it_is_named(
    broker: Broker, audit: RecordingAudit, forwarded: str, address: str
):
    app = create_app(broker, trusted_proxies=[ip_network("203.0.113.0/24")])
    handler = handler_for(app)
    headers = {
        "authorization": f"Bearer {log_in(handler)}",
        "content-type": "application/json",
        "x-forwarded-for": forwarded,
    }

    event = http_api_event(
        "POST", "/grant", headers=headers, body=b'{"FunctionName": "hello"}'
    )

    assert handler(event, None)["statusCode"] == 200
    [grant] = audit.grants
    assert grant.source.address == address


def test_an_application_that_raises_is_a_500_without_a_word():
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("a secret")

    answer = handler_for(broken)(http_api_event("GET", "/"), None)

    assert answer["statusCode"] == 500
    assert "secret" not in answer["body"]
