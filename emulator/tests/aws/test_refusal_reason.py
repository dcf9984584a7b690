import asyncio
import json
from typing import Any

import httpx2
import pytest

from aikagi_emulator.aws import AwsEndpoint, RefusalReason, Session
from aikagi_emulator.aws.refusal_reason import header_value, note
from aikagi_emulator.aws.wire import Answer, read_body, request_of, write
from aikagi_emulator.urls import RefusedError
from aikagi_emulator.urls.asgi import ASGIApp, Receive, Scope, Send
from emulator.tests.aws.signing import signed
from emulator.tests.aws.small_stack import (
    BOTH,
    BROKER,
    FUNCTION,
    LAMBDA,
    Clock,
    role,
    stack_of,
)

WHY = "x-emulator-refusal-reason"


def ask(application: ASGIApp, session: Session | None, **wanted: Any) -> Any:
    """Send one signed request, without a socket."""
    service = wanted.pop("service", "sts")

    async def call() -> httpx2.Response:
        transport = httpx2.ASGITransport(application, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport) as client:
            url, headers, body = signed(session, service, **wanted)
            return await client.post(url, headers=headers, content=body)

    return asyncio.run(call())


@pytest.fixture
def explained(aws: AwsEndpoint) -> RefusalReason:
    return RefusalReason(aws.endpoint())


def test_a_refusal_of_a_policy_names_what_nobody_allowed(
    explained: RefusalReason, broker: Session
):
    body = json.dumps({"TableName": "users"}).encode()
    target = {"x-amz-target": "DynamoDB_20120810.Scan"}

    answer = ask(explained, broker, service="dynamodb", body=body, headers=target)

    assert answer.status_code == 400
    assert answer.headers[WHY].startswith(
        f"User: {broker.arn} is not authorized to perform: dynamodb:Scan on resource: "
    )


def test_a_signature_that_differs_is_explained_without_what_was_signed(
    explained: RefusalReason, broker: Session
):
    answer = ask(explained, broker, body=b"Action=A", secret="x" * 40)

    assert answer.status_code == 403
    assert answer.headers[WHY].startswith("the signature is for something else")
    assert answer.headers[WHY].endswith(" (see the log)")
    for secret in (broker.secret_access_key, broker.session_token):
        assert secret not in str(answer.headers)


def test_an_unsigned_request_is_explained_too(explained: RefusalReason):
    assert "Authentication Token" in ask(explained, None).headers[WHY]


def test_what_is_answered_has_no_reason(explained: RefusalReason, broker: Session):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"

    answer = ask(explained, broker, body=body)

    assert answer.status_code == 200
    assert WHY not in answer.headers


def test_without_the_wrapper_nothing_is_said(aws: AwsEndpoint, broker: Session):
    answer = ask(aws.endpoint(), broker, body=b"Action=A", secret="x" * 40)

    assert answer.status_code == 403
    assert WHY not in answer.headers


def function_url(*may: dict[str, Any]) -> tuple[RefusalReason, Session]:
    broker = role("broker", trust=[LAMBDA], may=list(may))
    aws = AwsEndpoint(stack_of(broker), clock=Clock())
    gate = aws.gate()

    async def url(scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope, await read_body(receive) or b"")
        status = 200
        try:
            gate.admit(
                request,
                function_arn=FUNCTION,
                auth_type="AWS_IAM",
                source_ip="127.0.0.1",
            )
        except RefusedError as error:
            status = error.status
        await write(send, Answer(status=status, content_type="text/plain", body=b""))

    return RefusalReason(url), aws.function_session(BROKER, "hello")


def test_a_function_url_names_the_permission_that_is_missing():
    url, session = function_url(BOTH[0])

    answer = ask(url, session, service="lambda")

    assert answer.status_code == 403
    assert answer.headers[WHY].startswith(
        f"{session.arn} may not lambda:InvokeFunction {FUNCTION}: "
    )


def test_a_function_url_explains_a_signature_and_no_success():
    url, session = function_url(*BOTH)

    refused = ask(url, session, service="lambda", secret="x" * 40)
    answered = ask(url, session, service="lambda")

    assert refused.headers[WHY].startswith("the signature is for something else")
    assert answered.status_code == 200
    assert WHY not in answered.headers


@pytest.mark.parametrize(
    ("why", "said"),
    [
        pytest.param("plain", b"plain", id="plain"),
        pytest.param("caf\u00e9 \u7814", rb"caf\xe9 \u7814", id="not ASCII"),
        pytest.param("a\r\nx: y", rb"a\r (see the log)", id="another header"),
        pytest.param("a\0b\tc\x7f", rb"a\x00b\tc\x7f", id="control characters"),
        pytest.param("two\nlines", b"two (see the log)", id="two lines"),
    ],
)
def test_whatever_is_explained_is_one_line_of_ascii(why: str, said: bytes):
    assert header_value(why) == said


def test_an_explanation_ends_at_two_kilobytes():
    assert len(header_value("a" * 2048)) == 2048
    assert header_value("\u7814" * 2048)[-4:] == b" ..."
    assert len(header_value("\u7814" * 2048)) == 2048


def test_one_request_s_explanation_is_not_another_s():
    async def refuse_some(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] == "/refused":
            await asyncio.to_thread(note, "because")
        await asyncio.sleep(0)
        await write(send, Answer(status=403, content_type="text/plain", body=b""))

    async def both() -> list[str | None]:
        transport = httpx2.ASGITransport(RefusalReason(refuse_some))
        async with httpx2.AsyncClient(transport=transport) as client:
            answers = await asyncio.gather(
                client.get("http://a/refused"), client.get("http://a/other")
            )
        return [answer.headers.get(WHY) for answer in answers]

    assert asyncio.run(both()) == ["because", None]


def test_noting_where_nobody_asked_is_no_fault():
    note("because")
