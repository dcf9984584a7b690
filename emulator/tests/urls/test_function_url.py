import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from aikagi_emulator.runtime import (
    FunctionCrashedError,
    FunctionFailedError,
    FunctionTimedOutError,
    InitFailedError,
    InvocationError,
    ThrottledError,
)
from aikagi_emulator.urls import UrlError, UrlSettings
from aikagi_emulator.urls.asgi import Message
from emulator.tests.urls.fakes import ARN, a_url, ask

SIGNED = {"authorization": "alice"}
LARGEST = 6_291_456


def test_a_signed_request_reaches_the_function_and_an_unsigned_one_does_not():
    lines: list[tuple[str, str]] = []
    seen: list[str] = []

    def handler(event: Mapping[str, Any]) -> object:
        seen.append(event["rawPath"])
        return "hello"

    url = a_url(handler, log=lambda name, line: lines.append((name, line)))

    admitted = ask(url, target="/b", headers=SIGNED)
    refused = ask(url, target="/a?X-Amz-Signature=secret")

    assert seen == ["/b"]
    assert (admitted.status, admitted.body) == (200, b"hello")
    assert (refused.status, refused.json()) == (403, {"Message": "Forbidden."})
    assert refused.get("x-amzn-errortype") == "AccessDeniedException"
    assert refused.get("content-type") == "application/json"
    assert refused.get("x-amzn-requestid")
    assert lines == [
        (
            "hello",
            "GET '/a' 403 AccessDeniedException: Forbidden. unknown at 127.0.0.1",
        )
    ]


def test_every_answer_has_a_request_id_of_its_own():
    url = a_url()

    ids = {ask(url, headers=SIGNED).get("x-amzn-requestid") for _ in range(3)}

    assert len(ids) == 3


def test_a_body_is_counted_while_it_is_read():
    url = a_url(lambda event: len(event["body"]), auth_type="NONE")
    text = {"content-type": "text/plain"}

    largest = ask(url, "POST", headers=text, body=[b"x" * (LARGEST - 1), b"x"])
    larger = ask(url, "POST", headers=text, body=[b"x" * LARGEST, b"x"])

    assert (largest.status, largest.json()) == (200, LARGEST)
    assert larger.status == 413
    assert larger.json() == {
        "Message": "Request must be smaller than 6291456 bytes for the "
        "InvokeFunction operation"
    }


def test_what_is_no_text_has_to_fit_into_its_event_as_base64():
    url = a_url(lambda event: len(event["body"]), auth_type="NONE")
    binary = {"content-type": "application/octet-stream"}
    fits = LARGEST // 4 * 3

    largest = ask(url, "POST", headers=binary, body=[b"\xff" * fits])
    larger = ask(url, "POST", headers=binary, body=[b"\xff" * (fits + 1)])

    assert (largest.status, largest.json()) == (200, LARGEST)
    assert larger.status == 413


def test_a_body_without_end_is_not_read_for_ever():
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(a_url()(scope, receive, send))

    assert sent[0]["status"] == 413


def test_a_client_that_leaves_while_sending_is_not_answered():
    url = a_url(auth_type="NONE")

    with pytest.raises(ValueError, match="unpack"):  # nothing was sent at all
        ask(url, "POST", body=[])


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(FunctionCrashedError("exit status 1"), id="crash"),
        pytest.param(FunctionTimedOutError("after 3.00 seconds"), id="timeout"),
        pytest.param(FunctionFailedError("KeyError", "x"), id="handler"),
        pytest.param(InitFailedError("ImportError: x"), id="init"),
    ],
)
def test_a_function_that_gives_no_answer_is_502_and_the_log_says_why(
    error: InvocationError,
):
    lines: list[str] = []

    def fail(event: Mapping[str, Any]) -> object:
        raise error

    answer = ask(a_url(fail, log=lambda _, line: lines.append(line)), headers=SIGNED)

    assert (answer.status, answer.body) == (502, b"Internal Server Error")
    assert answer.get("content-type") == "application/json"
    assert lines == [f"GET '/' 502 {type(error).__name__}: {error}"]


def test_an_answer_of_the_wrong_shape_is_502_and_the_right_one_is_not():
    statuses = [
        ask(a_url(lambda _, s=status: {"statusCode": s}), headers=SIGNED).status  # type: ignore[misc]  # a bound default
        for status in ("OK", 202)
    ]

    assert statuses == [502, 202]


def test_beyond_the_concurrency_it_says_so_as_lambda_does():
    def busy(event: Mapping[str, Any]) -> object:
        raise ThrottledError

    answer = ask(a_url(busy), headers=SIGNED)

    assert answer.status == 429
    assert answer.get("x-amzn-errortype") == "TooManyRequestsException"
    assert answer.json() == {
        "Reason": "ConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }


def test_the_answer_to_head_has_the_headers_of_get_and_no_body():
    url = a_url(lambda _: "hello")

    get, head = ask(url, "GET", headers=SIGNED), ask(url, "HEAD", headers=SIGNED)

    assert (get.body, head.body) == (b"hello", b"")
    assert get.get("content-length") == head.get("content-length") == "5"


def test_it_takes_part_in_the_servers_life_and_speaks_nothing_else():
    arriving = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Message:
        return arriving.pop(0)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(a_url()({"type": "lifespan"}, receive, send))
    with pytest.raises(NotImplementedError, match="websocket"):
        asyncio.run(a_url()({"type": "websocket"}, receive, send))

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_settings_are_read_from_the_template():
    properties = {
        "TargetFunctionArn": ARN,
        "AuthType": "AWS_IAM",
        "Cors": {"AllowOrigins": ["http://127.0.0.1:8000"]},
    }

    settings = UrlSettings.from_properties(properties, url="http://127.0.0.1:8101/")

    assert (settings.function_name, settings.invoke_mode) == ("hello", "BUFFERED")
    assert settings.cors is not None
    assert settings.cors.allow_origins == ("http://127.0.0.1:8000",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"AuthType": "JWT"}, "AWS_IAM, NONE", id="auth type"),
        pytest.param({"AuthType": None}, "AWS_IAM, NONE", id="no auth type"),
        pytest.param({"InvokeMode": "FAST"}, "FAST", id="mode"),
        pytest.param({"Region": "x"}, "Region", id="unknown property"),
        pytest.param({"Cors": {"MaxAge": -1}}, "MaxAge", id="CORS"),
    ],
)
def test_settings_that_cannot_be_kept_are_refused(
    changes: dict[str, object], said: str
):
    properties = {"TargetFunctionArn": ARN, "AuthType": "AWS_IAM", **changes}

    with pytest.raises(UrlError, match=said):
        UrlSettings.from_properties(properties, url="http://127.0.0.1:8101/")


def test_settings_without_a_function_are_refused():
    with pytest.raises(UrlError, match="TargetFunctionArn"):
        UrlSettings.from_properties({"AuthType": "NONE"}, url="http://127.0.0.1:8101/")
