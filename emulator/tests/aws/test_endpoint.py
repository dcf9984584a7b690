"""What reaches the endpoint without an SDK: faults are ordinary input."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from aikagi_emulator.aws import AwsEndpoint, Endpoint, Session
from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.wire import MAX_BODY, Answer, Service
from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from emulator.tests.aws.small_stack import BROKER, Client

Headers = Sequence[tuple[str, str]]


def send(
    endpoint: Endpoint,
    *,
    headers: Headers = (),
    body: Sequence[bytes] = (b"",),
    leaves: bool = False,
) -> tuple[int, dict[str, str], bytes] | None:
    """Send one request, in pieces; None when nothing was answered."""
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers],
        "client": ("127.0.0.1", 1),
    }
    pieces = [
        {
            "type": "http.request",
            "body": piece,
            "more_body": n + 1 < len(body) or leaves,
        }
        for n, piece in enumerate(body)
    ]
    incoming = iter([*pieces, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(incoming)

    async def keep(message: Any) -> None:
        sent.append(message)

    asyncio.run(endpoint(scope, receive, keep))
    if not sent:
        return None
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"]


def authorisation(service: str) -> tuple[str, str]:
    scope = f"ASIAAAAAAAAAAAAAAAAA/20261122/ap-northeast-1/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=ab"
    return "authorization", text


@pytest.fixture
def application(aws: AwsEndpoint) -> Endpoint:
    return aws.endpoint()


def test_an_unsigned_request_is_told_so(application: Endpoint):
    answer = send(application)

    assert answer
    assert answer[0] == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in answer[2]


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param([authorisation("sts")], b"<ErrorResponse", id="STS by its scope"),
        pytest.param(
            [("x-amz-target", "DynamoDB_20120810.GetItem")],
            b'"__type"',
            id="DynamoDB by its target",
        ),
        pytest.param([authorisation("ssm")], b'"__type"', id="SSM by its scope"),
    ],
)
def test_a_service_answers_in_its_own_protocol(
    application: Endpoint, headers: Headers, said: bytes
):
    answer = send(application, headers=headers)

    assert answer
    assert answer[0] in {400, 403}
    assert said in answer[2]


def test_a_service_that_is_not_there_is_named(application: Endpoint):
    answer = send(application, headers=[authorisation("kms")])

    assert answer
    assert answer[0] == 501
    assert b"does not model the service 'kms'" in answer[2]


@pytest.mark.parametrize(
    ("size", "status"),
    [
        pytest.param(MAX_BODY, 403, id="as large as may be"),
        pytest.param(MAX_BODY + 1, 413, id="a byte more"),
    ],
)
def test_a_body_has_a_limit_however_it_comes(
    application: Endpoint, size: int, status: int
):
    half = b"x" * (size // 2)

    answer = send(application, body=[half, b"x" * (size - len(half))])

    assert answer
    assert answer[0] == status


def test_a_client_that_leaves_is_not_answered(application: Endpoint):
    assert send(application, body=[b"half"], leaves=True) is None


class Broken:
    """A service with a fault of its own."""

    def answer(self, request: Request, *, source_ip: str) -> Answer:
        raise KeyError(request.body, source_ip)

    def unsigned(self, error: SignatureRefusedError) -> AwsError:
        raise NotImplementedError

    def refusal(self, error: AwsError) -> Answer:
        return Answer(
            status=error.status,
            content_type="text/plain",
            body=f"{error.code}: {error.message}".encode(),
        )


def test_a_fault_of_the_stack_shows_neither_itself_nor_the_request(
    caplog: pytest.LogCaptureFixture,
):
    broken: Service = Broken()

    answer = send(
        Endpoint({"sts": broken}, targets={}),
        headers=[authorisation("sts")],
        body=[b"a secret"],
    )

    assert answer
    assert answer[0] == 500
    assert answer[2].startswith(b"InternalFailure: ")
    assert b"Traceback" not in answer[2]
    assert "sts failed: KeyError" in caplog.text
    assert "a secret" not in caplog.text


def test_a_refusal_is_one_line_that_says_why_and_no_secret(
    connect: Callable[..., Client], broker: Session, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "aikagi_emulator.aws")
    tables = connect("dynamodb", broker)

    with pytest.raises(tables.exceptions.ClientError):
        tables.scan(TableName="users")

    (record,) = [
        record
        for record in caplog.records
        if record.name.startswith("aikagi_emulator.aws")
    ]
    line = record.getMessage()
    assert line.startswith("refused dynamodb: AccessDeniedException: User: ")
    assert "dynamodb:Scan" in line
    assert broker.secret_access_key not in line
    assert broker.session_token not in line


def test_a_bad_signature_shows_no_secret_either(
    connect: Callable[..., Client], aws: AwsEndpoint, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "aikagi_emulator.aws")
    session = aws.function_session(BROKER, "broker")
    sts = connect("sts", session, aws_secret_access_key="x" * 40)

    with pytest.raises(sts.exceptions.ClientError):
        sts.get_caller_identity()

    assert "refused sts: SignatureDoesNotMatch: " in caplog.text
    assert session.secret_access_key not in caplog.text
    assert session.session_token not in caplog.text


def test_a_body_that_is_no_json_object_is_refused_after_its_signature(
    connect: Callable[..., Client], broker: Session
):
    tables = connect("dynamodb", broker)
    bodies = [b"", b"[]", b"{", b"\xff", b"[" * 100_000]

    def replace(request: Any, **_: object) -> None:
        request.data = bodies.pop()

    tables.meta.events.register_first("before-sign.dynamodb.*", replace)

    while bodies:
        with pytest.raises(tables.exceptions.ClientError) as caught:
            tables.get_item(TableName="users", Key={"pk": {"S": "a"}})
        assert caught.value.response["Error"]["Code"] == "SerializationException"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no table"),
        pytest.param({"TableName": 1}, id="a number for a name"),
        pytest.param({"TableName": "users", "IndexName": []}, id="a list for an index"),
    ],
)
def test_a_member_of_the_wrong_type_is_refused(
    connect: Callable[..., Client], broker: Session, body: dict[str, object]
):
    tables = connect("dynamodb", broker)

    def replace(request: Any, **_: object) -> None:
        request.data = json.dumps(body).encode()

    tables.meta.events.register_first("before-sign.dynamodb.*", replace)

    with pytest.raises(tables.exceptions.ClientError) as caught:
        tables.get_item(TableName="users", Key={"pk": {"S": "a"}})

    assert caught.value.response["Error"]["Code"] == "ValidationException"
