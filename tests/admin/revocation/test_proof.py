"""What a proof calls, and what it takes for a refusal, at a URL on loopback."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.admin.revocation.proof import (
    SESSION_NAME,
    Proof,
    ProofError,
    ProofFunction,
    functions_in_catalogue,
)
from app.admin.revocation.server_clock import NoDateError, ServerClock
from tests.loopback_server import LoopbackServer, RequestHandler
from tests.scripted_aws import Answer, ScriptedAws

ROLE = "arn:aws:iam::123456789012:role/invoke"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"
DENIED = (403, {"x-amzn-errortype": "AccessDeniedException"})
ADMITTED: tuple[int, dict[str, str]] = (200, {})


class FunctionUrl(LoopbackServer):
    """Answers by who calls: ``answers`` of an access key id, the last one again."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self.called: list[tuple[str, str]] = []
        url = self

        class Handler(RequestHandler):
            def handle_any(self) -> None:
                request = self.read_request()
                headers = dict(request.headers)
                credential = headers["authorization"].partition("Credential=")[2]
                key = credential.partition("/")[0]
                url.called.append((request.method, key))
                left = url.answers[key]
                status, more = left.pop(0) if len(left) > 1 else left[0]
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            # http.server looks its methods up by these names.
            do_GET = handle_any  # noqa: N815 - http.server's own name for it
            do_POST = handle_any  # noqa: N815 - http.server's own name for it

        super().__init__(Handler)


class Sts:
    """Makes sessions whose access keys are ``KEY1``, ``KEY2``, …"""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def assume_role(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {
            "Credentials": {
                "AccessKeyId": f"KEY{len(self.asked)}",
                "SecretAccessKey": "a-secret",
                "SessionToken": "a-token",
            }
        }


class SleptTime:
    """Goes on by what is slept."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def url() -> Iterator[FunctionUrl]:
    with FunctionUrl() as url:
        yield url


@pytest.fixture
def sts() -> Sts:
    return Sts()


def proof_of(sts: Sts, address: str) -> Proof:
    function = ProofFunction(
        name="hello", arn=f"{ARN}hello", url=address, region="eu-west-1"
    )
    clock = SleptTime()
    client: Any = sts
    return Proof(
        client,
        role_arn=ROLE,
        choose=lambda: function,
        new_id=lambda: "another-grant",
        monotonic=clock,
        sleep=clock.sleep,
    )


@pytest.fixture
def proof(url: FunctionUrl, sts: Sts) -> Proof:
    return proof_of(sts, f"{url.origin}/")


def prove(proof: Proof, *, seconds: float = 5) -> float | None:
    sessions = proof.begin("the-grant", issued=1000)
    return proof.wait(sessions, since=-1.0, seconds=seconds)


def test_it_holds_once_the_revoked_session_is_refused_and_the_other_is_not(
    url: FunctionUrl, proof: Proof
):
    url.answers = {"KEY1": [ADMITTED, ADMITTED, DENIED], "KEY2": [ADMITTED]}

    assert prove(proof) == 3.0

    assert url.called == [("GET", "KEY1")] * 3 + [("GET", "KEY2")]


def test_where_the_other_session_is_refused_as_well_nothing_is_shown(
    url: FunctionUrl, proof: Proof
):
    url.answers = {"KEY1": [DENIED], "KEY2": [DENIED]}

    with pytest.raises(ProofError, match="Every call of hello is refused"):
        prove(proof)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ADMITTED, id="an answer"),
        pytest.param((500, {"x-amzn-errortype": "Unhandled"}), id="a failure"),
        pytest.param((403, {}), id="a 403 of the function's own"),
        pytest.param((429, {"x-amzn-errortype": "TooManyRequests"}), id="throttled"),
    ],
)
def test_what_is_no_refusal_of_aws_shows_nothing_until_the_time_is_over(
    url: FunctionUrl, proof: Proof, answer: tuple[int, dict[str, str]]
):
    url.answers = {"KEY1": [answer], "KEY2": [ADMITTED]}

    assert prove(proof) is None
    assert len(url.called) == 5


def test_no_answer_is_no_refusal(sts: Sts):
    assert prove(proof_of(sts, "http://127.0.0.1:1/"), seconds=2) is None


@pytest.mark.parametrize(
    "error", ["InvalidSignatureException", "ExpiredTokenException"]
)
def test_a_refusal_for_another_reason_is_no_proof(
    url: FunctionUrl, proof: Proof, error: str
):
    url.answers = {"KEY1": [(403, {"x-amzn-errortype": error})], "KEY2": [ADMITTED]}

    with pytest.raises(ProofError, match=f"refused the call with {error}"):
        prove(proof)


def test_its_sessions_are_nobody_s_and_can_call_one_function(proof: Proof, sts: Sts):
    sessions = proof.begin("the-grant", issued=1000)

    assert sessions.access_key_ids == ("KEY1", "KEY2")
    assert "a-secret" not in repr(sessions)
    for asked, grant_id in zip(sts.asked, ["the-grant", "another-grant"], strict=True):
        assert asked["RoleArn"] == ROLE
        assert asked["RoleSessionName"] == asked["SourceIdentity"] == SESSION_NAME
        assert {tag["Key"]: tag["Value"] for tag in asked["Tags"]} == {
            "issuer": "operator",
            "user": "revocation=",
            "function": "hello",
            "issued": "1000",
            "grant": grant_id,
        }
        statements = json.loads(asked["Policy"])["Statement"]
        assert [statement["Resource"] for statement in statements] == [
            f"{ARN}hello"
        ] * 2


def entry(name: str, **members: object) -> dict[str, str]:
    value = {
        "Arn": f"{ARN}{name}",
        "FuncUrl": f"https://{name}.lambda-url.eu-west-1.on.aws/",
        "InvokeMode": "BUFFERED",
        **members,
    }
    return {"Name": f"/aikagi/s/functions/{name}", "Value": json.dumps(value)}


def names(script: ScriptedAws, *parameters: dict[str, str]) -> list[str]:
    script.will(Answer.json({"Parameters": list(parameters)}))
    client = script.session().client("ssm", endpoint_url=script.url)
    found = functions_in_catalogue(
        client,
        "/aikagi/s/functions",
        invoke_role_arn=ROLE,
        local={"http://127.0.0.1:8101"},
    )
    return [function.name for function in found]


def test_functions_that_do_not_stream_come_first(script: ScriptedAws):
    streaming = entry("a", InvokeMode="RESPONSE_STREAM")
    local = entry("d", FuncUrl="http://127.0.0.1:8101/", RoleArn=ROLE)

    assert names(script, streaming, entry("c"), entry("b"), local) == [
        "b",
        "c",
        "d",
        "a",
    ]


@pytest.mark.parametrize(
    "parameter",
    [
        pytest.param(entry("a", RoleArn=f"{ROLE}s"), id="another role"),
        pytest.param(entry("a", FuncUrl="https://a.example/"), id="another address"),
        pytest.param(entry("a", FuncUrl="http://127.0.0.1:8102/"), id="another port"),
        pytest.param(
            entry("a", FuncUrl="https://a.lambda-url.eu-west-2.on.aws/"),
            id="another Region",
        ),
        pytest.param(entry("a", Arn="hello"), id="no ARN"),
        pytest.param({"Name": "a", "Value": "[]"}, id="no entry"),
        pytest.param({"Name": "a", "Value": "{"}, id="no JSON"),
    ],
)
def test_nothing_else_is_called(script: ScriptedAws, parameter: dict[str, str]):
    assert names(script, parameter, entry("b")) == ["b"]


def test_the_time_is_that_of_aws_and_goes_on(script: ScriptedAws):
    client = script.session().client("sts", endpoint_url=script.url)
    slept = SleptTime()
    clock = ServerClock(client, monotonic=slept)
    with pytest.raises(NoDateError):
        clock.now()
    script.will(Answer(status=400, body=b"<ErrorResponse/>"))

    # A refusal is dated, too.
    with pytest.raises(ClientError):
        client.get_caller_identity()

    date = clock.now()
    slept.sleep(7)
    assert clock.now() == date + 7
    assert abs(date - time.time()) <= 2
