"""What the broker is measured against does no less than it claims.

Each asks an AWS on loopback that notes what it was asked.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from jose import jwt

from tests.baselines import canned_aws
from tests.http_api_events import http_api_event
from tests.loopback_server import LoopbackServer, RequestHandler

FIELDS = {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Region"}

pytestmark = pytest.mark.usefixtures("current_loop")


class AskedAws:
    """``asked`` has the operation of each call, and its members."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.knows_users = True

    def answer(self, target: str, body: bytes) -> bytes:
        operation = target.rpartition(".")[2]
        if not operation:
            self.asked.append(("AssumeRole", dict(parse_qsl(body.decode()))))
            return canned_aws.SESSION.encode()
        self.asked.append((operation, json.loads(body)))
        if operation == "GetItem" and not self.knows_users:
            return b"{}"
        return json.dumps(canned_aws.json_answer(operation, body)).encode()

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.asked]


@pytest.fixture(scope="module")
def origin() -> Iterator[tuple[str, AskedAws]]:
    aws = AskedAws()

    class Handler(RequestHandler):
        def answer_post(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = aws.answer(self.headers.get("X-Amz-Target", ""), body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = answer_post  # noqa: N815 - http.server's name

    with LoopbackServer(Handler) as server:
        yield server.origin, aws


@pytest.fixture(scope="module")
def module_environment(origin: tuple[str, AskedAws]) -> Iterator[AskedAws]:
    """The clients of the references are made where they are imported."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL", origin[0])
        patched.setenv("AWS_REGION", canned_aws.REGION)
        patched.setenv("AWS_DEFAULT_REGION", canned_aws.REGION)
        patched.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "an-example")
        patched.setenv("AIKAGI_INVOKE_ROLE_ARN", canned_aws.ROLE)
        yield origin[1]


@pytest.fixture
def aws(module_environment: AskedAws) -> AskedAws:
    module_environment.asked.clear()
    module_environment.knows_users = True
    return module_environment


def naive_grant(*, secret: str = canned_aws.SECRET, **claims: Any) -> dict[str, Any]:
    from tests.baselines import naive_broker

    ends_at = datetime.now(UTC) + timedelta(hours=1)
    payload = {"sub": "alice", "aud": "aikagi", "exp": ends_at, **claims}
    headers = {
        "authorization": f"Bearer {jwt.encode(payload, secret)}",
        "content-type": "application/json",
    }
    body = b'{"FunctionName": "f0", "DurationSeconds": 900}'
    context: Any = None  # Mangum's type of it is not what Lambda's is
    event = http_api_event("POST", "/grant", headers=headers, body=body)
    return naive_broker.handler(event, context)


def test_the_naive_broker_reads_the_user_and_answers_five_typed_fields(aws: AskedAws):
    answer = naive_grant()

    assert answer["statusCode"] == 200
    fields = json.loads(answer["body"])
    assert fields.keys() == FIELDS
    assert datetime.fromisoformat(fields["Expiration"]).tzinfo is not None
    assert aws.operations == ["GetItem", "AssumeRole"]
    _, read = aws.asked[0]
    assert read["Key"] == {"pk": {"S": "principal#local#alice"}}
    assert read["ConsistentRead"] is True


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"secret": "another-secret"}, id="forged"),
        pytest.param({"aud": "another"}, id="for another audience"),
        pytest.param({"exp": datetime(2020, 1, 1, tzinfo=UTC)}, id="expired"),
    ],
)
def test_the_naive_broker_refuses_a_token_that_is_not_good(
    aws: AskedAws, change: dict[str, Any]
):
    assert naive_grant(**change)["statusCode"] == 401
    assert aws.operations == []


def test_the_naive_broker_refuses_somebody_unknown(aws: AskedAws):
    aws.knows_users = False

    assert naive_grant()["statusCode"] == 401
    assert aws.operations == ["GetItem"]


def test_the_plainest_handler_answers_five_fields(aws: AskedAws):
    from tests.baselines import plainest_handler

    answer = plainest_handler.handler({}, None)

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]).keys() == FIELDS
    assert aws.operations == ["AssumeRole"]


def test_the_bare_calls_read_consistently_and_carry_a_policy_and_all_tags(
    aws: AskedAws,
):
    from tests.baselines.bare_calls import BareCalls

    bare = BareCalls()
    assert bare.read_user()["pk"] == {"S": "principal#local#user-0"}
    assert bare.assume_role().keys() == FIELDS - {"Region"}

    (_, read), (_, session) = aws.asked
    assert read["ConsistentRead"] is True
    assert json.loads(session["Policy"])["Statement"]
    tags = {session[f"Tags.member.{number}.Key"] for number in range(1, 6)}
    assert tags == {"issuer", "user", "function", "issued", "grant"}
    assert session["SourceIdentity"] == "local+user-0"
