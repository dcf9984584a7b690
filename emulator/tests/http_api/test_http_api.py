"""An HTTP API in this process: event, answer, failures, stages, CORS."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from typing_extensions import override

from aikagi_emulator.http_api import HttpApi, HttpApiSettings, Route, RouteKey
from aikagi_emulator.runtime import (
    FunctionFailedError,
    FunctionTimedOutError,
    InvocationError,
    ThrottledError,
)
from aikagi_emulator.urls import Cors, Function
from aikagi_emulator.urls.asgi import Message
from emulator.tests.urls.fakes import NOON, InProcess, ask, echo

HOST = {"host": "127.0.0.1:8001"}
PAGE = "https://page.example"
TEN_MB = 10_485_760
SIX_MB = 6_291_456


def an_api(
    handler: Callable[[Mapping[str, Any]], object] = echo,
    *,
    function: Function | None = None,
    key: str = "$default",
    stages: Mapping[str, Mapping[str, str]] | None = None,
    permitted: frozenset[str] = frozenset({"$default", "dev"}),
    seconds: float = 30,
    cors: Cors | None = None,
    log: Callable[[str, str], None] = print,
) -> HttpApi:
    settings = HttpApiSettings(
        name="Api",
        api_id="abc123",
        account_id="123456789012",
        origin="http://127.0.0.1:8001",
        stages={"$default": {}} if stages is None else stages,
        cors=cors,
    )
    route = Route(
        key=RouteKey.parse(key),
        function=function or InProcess(handler),
        function_name="hello",
        permitted_stages=permitted,
        timeout_seconds=seconds,
    )
    return HttpApi(settings, routes=(route,), clock=lambda: NOON, log=log)


def test_the_whole_event_of_a_request():
    answer = ask(
        an_api(key="POST /items/{id}"),
        "POST",
        "/items/a%20b?p=1&p=2&q=%2F",
        headers=[
            *HOST.items(),
            ("Header1", "value1"),
            ("header1", "value2"),
            ("cookie", "cookie1=a; cookie2=b"),
            ("content-type", "application/json"),
            ("user-agent", "agent"),
            ("authorization", "Bearer x"),
            ("x-forwarded-for", "10.0.0.1"),
        ],
        body=b"{}",
    )

    assert answer.json() == {
        "version": "2.0",
        "routeKey": "POST /items/{id}",
        "rawPath": "/items/a b",
        "rawQueryString": "p=1&p=2&q=%2F",
        "cookies": ["cookie1=a", "cookie2=b"],
        "headers": {
            "host": "127.0.0.1:8001",
            "header1": "value1,value2",
            "content-type": "application/json",
            "user-agent": "agent",
            "authorization": "Bearer x",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "8001",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"p": "1,2", "q": "/"},
        "pathParameters": {"id": "a b"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "127.0.0.1:8001",
            "domainPrefix": "abc123",
            "http": {
                "method": "POST",
                "path": "/items/a b",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "agent",
            },
            "requestId": answer.get("apigw-requestid"),
            "routeKey": "POST /items/{id}",
            "stage": "$default",
            "time": "01/Jan/2030:12:00:00 +0000",
            "timeEpoch": 1_893_499_200_000,
        },
        "body": "{}",
        "isBase64Encoded": False,
    }


def test_what_is_empty_is_left_out_and_bytes_are_base64():
    empty = ask(an_api(), headers=HOST).json()
    binary = ask(an_api(), "POST", headers=HOST, body=b"\xff").json()

    optional = {"body", "cookies", "pathParameters", "queryStringParameters"}
    assert not (optional | {"stageVariables"}) & empty.keys()
    assert (base64.b64decode(binary["body"]), binary["isBase64Encoded"]) == (
        b"\xff",
        True,
    )


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        ({"message": "hi"}, 200, "application/json", b'{"message": "hi"}'),
        ("hi", 200, "application/json", b"hi"),
        ([1, 2], 200, "application/json", b"[1, 2]"),
        ({"statusCode": 201, "body": "x"}, 201, "text/plain; charset=utf-8", b"x"),
        (
            {"statusCode": 200, "headers": {"Content-Type": "image/png"},
             "body": "iVA=", "isBase64Encoded": True},
            200, "image/png", b"\x89P",
        ),
    ],
    ids=["an object", "a text", "a list", "a status", "bytes"],
)  # fmt: skip
def test_a_result_becomes_a_response(
    result: object, status: int, content_type: str, body: bytes
):
    answer = ask(an_api(lambda _: result))

    assert (answer.status, answer.get("content-type"), answer.body) == (
        status,
        content_type,
        body,
    )


def test_each_cookie_of_a_result_is_a_header():
    answer = ask(an_api(lambda _: {"statusCode": 204, "cookies": ["a=1", "b=2"]}))

    assert answer.all("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("failure", "status", "message"),
    [
        (FunctionFailedError("KeyError", "x"), 500, "Internal Server Error"),
        (FunctionTimedOutError("after 3 seconds"), 500, "Internal Server Error"),
        (ThrottledError("it runs 10 times"), 503, "Service Unavailable"),
    ],
    ids=["raised", "its own timeout", "throttled"],
)
def test_a_function_that_gives_no_answer_is_answered_for_and_the_log_says_why(
    failure: InvocationError, status: int, message: str
):
    lines: list[tuple[str, str]] = []

    def fail(_: Mapping[str, Any]) -> object:
        raise failure

    answer = ask(an_api(fail, log=lambda *line: lines.append(line)))

    assert (answer.status, answer.json()) == (status, {"message": message})
    assert answer.get("content-type") == "application/json"
    ((name, line),) = lines
    assert name == "hello"
    assert line.startswith(f"GET '/' {status} ")
    assert str(failure) in line


def test_a_result_that_is_no_response_is_500():
    answer = ask(an_api(lambda _: {"statusCode": "OK"}))

    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})


class Never(InProcess):
    @override
    async def invoke(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError


def test_the_integration_s_timeout_is_503():
    lines: list[str] = []
    api = an_api(
        function=Never(echo), seconds=0.01, log=lambda _, line: lines.append(line)
    )

    answer = ask(api)

    assert (answer.status, answer.json()) == (503, {"message": "Service Unavailable"})
    assert lines == ["GET '/' 503 no answer within 0.01 seconds"]


def test_a_function_whose_permissions_leave_the_stage_out_is_500_and_not_called():
    called: list[object] = []
    lines: list[str] = []

    def api(permitted: str) -> HttpApi:
        return an_api(
            called.append,
            permitted=frozenset({permitted}),
            log=lambda _, line: lines.append(line),
        )

    refused, admitted = ask(api("dev")), ask(api("$default"))

    assert (refused.status, admitted.status) == (500, 200)
    assert refused.json() == {"message": "Internal Server Error"}
    assert len(called) == 1
    assert "no AWS::Lambda::Permission lets apigateway.amazonaws.com" in lines[0]


def test_a_body_has_10_mb_and_an_event_6():
    text = {"content-type": "text/plain"}
    api = an_api(lambda event: len(event["body"]))

    statuses = [
        ask(api, "POST", headers=text, body=b"x" * size).status
        for size in (SIX_MB, SIX_MB + 1, TEN_MB, TEN_MB + 1)
    ]

    assert statuses == [200, 413, 413, 413]
    larger = ask(api, "POST", headers=text, body=[b"x" * TEN_MB, b"x"])
    assert larger.json() == {"message": "Request Entity Too Large"}


@pytest.mark.parametrize(
    ("stages", "target", "expected"),
    [
        (("$default",), "/dev/a", ("$default", "/dev/a", "dev/a")),
        (("dev",), "/dev/a", ("dev", "/dev/a", "a")),
        (("dev", "$default"), "/dev/a", ("dev", "/dev/a", "a")),
        (("dev", "$default"), "/devil/a", ("$default", "/devil/a", "devil/a")),
        (("dev",), "/a", None),
        (("dev",), "/dev", None),
        ((), "/a", None),
    ],
)
def test_a_stage_begins_the_path_unless_it_is_the_default(
    stages: tuple[str, ...], target: str, expected: tuple[str, str, str] | None
):
    api = an_api(key="GET /{rest+}", stages={s: {"color": "blue"} for s in stages})

    answer = ask(api, target=target)

    if expected is None:
        assert (answer.status, answer.json()) == (404, {"message": "Not Found"})
        return
    event = answer.json()
    context = event["requestContext"]
    assert context["http"]["path"] == event["rawPath"]
    assert event["stageVariables"] == {"color": "blue"}
    told = (context["stage"], event["rawPath"], event["pathParameters"]["rest"])
    assert told == expected


def test_what_no_route_takes_is_404():
    lines: list[tuple[str, str]] = []
    api = an_api(key="GET /a", log=lambda *line: lines.append(line))

    assert (ask(api, target="/a").status, ask(api, target="/b").status) == (200, 404)
    assert lines == [("Api", "GET '/b' 404 it has no such route")]


CORS = Cors.of_http_api(
    {"AllowOrigins": [PAGE], "AllowMethods": ["GET", "OPTIONS"], "MaxAge": 60}
)
PREFLIGHT = {"origin": PAGE, "access-control-request-method": "GET"}


def allowed(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.startswith("access-")}


def test_a_preflight_is_answered_by_the_api_where_it_has_a_configuration():
    called: list[object] = []

    configured = ask(an_api(called.append, cors=CORS), "OPTIONS", headers=PREFLIGHT)
    assert (configured.status, called) == (204, [])
    assert allowed(configured.headers) == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "GET,OPTIONS",
        "access-control-max-age": "60",
    }
    ask(an_api(called.append), "OPTIONS", headers=PREFLIGHT)
    assert len(called) == 1


def test_a_function_s_own_word_on_cors_counts_where_the_api_has_none():
    def handler(_: Mapping[str, Any]) -> object:
        return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}}

    origin = {"origin": PAGE}
    assert allowed(ask(an_api(handler), headers=origin).headers) == {
        "access-control-allow-origin": "*"
    }
    assert allowed(ask(an_api(handler, cors=CORS), headers=origin).headers) == {
        "access-control-allow-origin": PAGE
    }
    other = {"origin": "https://other.example"}
    assert allowed(ask(an_api(handler, cors=CORS), headers=other).headers) == {}


@pytest.mark.parametrize(
    ("allowed_origin", "origin", "expected"),
    [
        ("*", PAGE, "*"),
        ("https://*", PAGE, PAGE),
        ("https://*", "http://page.example", None),
        ("https://*", "null", None),
    ],
)
def test_all_origins_of_a_scheme_may_be_allowed(
    allowed_origin: str, origin: str, expected: str | None
):
    cors = Cors.of_http_api({"AllowOrigins": [allowed_origin]})

    answer = ask(an_api(cors=cors), headers={"origin": origin})

    assert answer.get("access-control-allow-origin") == expected


def test_the_origins_of_a_scheme_are_a_text_to_a_function_url():
    cors = Cors.from_properties({"AllowOrigins": ["https://*"]})

    assert cors.headers(PAGE) == (("vary", "Origin"),)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"AllowOrigins": ["*"], "AllowCredentials": True}, "AllowCredentials"),
        ({"AllowOrigin": ["*"]}, "AllowOrigin"),
    ],
)
def test_a_configuration_api_gateway_would_refuse_is_refused(
    properties: dict[str, object], said: str
):
    with pytest.raises(ValueError, match=said):
        Cors.of_http_api(properties)


def test_it_takes_part_in_the_server_s_life_and_speaks_nothing_else():
    arriving = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Message:
        return arriving.pop(0)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(an_api()({"type": "lifespan"}, receive, send))
    with pytest.raises(NotImplementedError, match="websocket"):
        asyncio.run(an_api()({"type": "websocket"}, receive, send))

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
