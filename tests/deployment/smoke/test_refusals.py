"""What lets in too many, or says the wrong thing, fails the check that is about it.

A broker and functions that let nobody in wrongly are real; the answer to one request is
altered on its way, beside the same check with the answer as it was.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, final

import httpx2
import pytest
from botocore.exceptions import ClientError
from typing_extensions import override

from aikagi.http_client import build_client
from deployment.smoke.checks import Outcome
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import NotHeldError, State, require_denied
from tests.deployment.smoke import running
from tests.deployment.smoke.running import person_at
from tests.stack import Stack

Alter = Callable[[httpx2.Request, httpx2.Response], httpx2.Response]

ELSEWHERE: Final = "https://unknown.invalid"


@final
class Altering(httpx2.BaseTransport):
    """Sends on what it is given, and alters the answers."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        self.alter: Alter = lambda _, answer: answer

    @override
    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        answer = self._inner.handle_request(request)
        answer.read()
        return self.alter(request, answer)

    @override
    def close(self) -> None:
        self._inner.close()


@final
class Waiting:
    """Waits for nothing, until ``pass_by`` is set."""

    def __init__(self) -> None:
        self.pass_by: Callable[[float], object] = lambda _: None

    def __call__(self, seconds: float) -> None:
        self.pass_by(seconds)


@pytest.fixture(scope="module")
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture(scope="module")
def transport() -> Altering:
    return Altering(build_client()._transport)


@pytest.fixture(scope="module")
def deployment(
    stack: Stack, transport: Altering, waiting: Waiting
) -> Iterator[Deployment]:
    """Somebody who is logged in, and whose way to the function is known."""
    client = httpx2.Client(transport=transport)
    with person_at(stack, client=client, wait=waiting) as made:
        assert made.diagnosis["call"].ok
        yield made
        transport.alter = lambda _, answer: answer


@pytest.fixture
def outcome_of(
    deployment: Deployment, transport: Altering, stack: Stack
) -> Iterator[Callable[[str], Outcome]]:
    yield lambda name: running.outcome_of(name, deployment)
    transport.alter = lambda _, answer: answer
    stack.controls.reset()


def instead(path: str, status: int, body: object = None, **headers: str) -> Alter:
    """Answer so wherever a path with this end, or any with "", was refused."""

    def alter(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if answer.is_success or not request.url.path.endswith(path):
            return answer
        content = json.dumps(body or {}).encode()
        media_type = {"content-type": "application/json"}
        return httpx2.Response(status, headers=media_type | headers, content=content)

    return alter


def renamed(errortype: str) -> Alter:
    def alter(_: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if "x-amzn-errortype" in answer.headers:
            answer.headers["x-amzn-errortype"] = errortype
        return answer

    return alter


def every_origin(_: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
    answer.headers["access-control-allow-origin"] = ELSEWHERE
    return answer


def answers_by_itself(_: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
    """Refuse as the function would, and not as Lambda does."""
    answer.headers.pop("x-amzn-errortype", None)
    return answer


def takes_all_for_eve(_: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
    eve = {"caller": {"issuer": "local", "subject": "eve"}}
    return httpx2.Response(200, json=eve) if answer.is_success else answer


TOKENS: Final = {"access_token": "a", "refresh_token": "r", "expires_in": 9}
WAYS: Final = [
    pytest.param("wrong-password", instead("/auth/login", 200, TOKENS), id="password"),
    pytest.param("renewal", instead("/auth/refresh", 200, TOKENS), id="renewal"),
    pytest.param("renewal", instead("/auth/refresh", 503), id="no answer"),
    pytest.param("unsigned-token", instead("/auth/me", 200), id="unsigned token"),
    pytest.param("changed-token", instead("/auth/me", 200), id="changed token"),
    pytest.param("not-yours", instead("/grant", 200), id="grant of another's"),
    pytest.param("wrong-signature", instead("/", 200), id="signature"),
    pytest.param("wrong-signature", answers_by_itself, id="the function's own 403"),
    pytest.param("another-url", instead("/", 200), id="another URL"),
    pytest.param("error-types", renamed("Forbidden"), id="names of refusals"),
    pytest.param("unknown-origin", every_origin, id="origin"),
    pytest.param("unknown-origin-at-broker", every_origin, id="origin at the broker"),
    pytest.param("another-principal", takes_all_for_eve, id="not of the broker"),
    pytest.param("caller", takes_all_for_eve, id="somebody else"),
    pytest.param("role-own-function", instead("/", 200), id="the role's own policy"),
]


@pytest.mark.parametrize(("name", "alter"), WAYS)
def test_what_should_be_refused_and_is_not_fails_the_check(
    outcome_of: Callable[[str], Outcome],
    transport: Altering,
    name: str,
    alter: Alter,
):
    as_it_is = outcome_of(name)
    transport.alter = alter
    altered = outcome_of(name)

    assert (as_it_is.state, altered.state) == (State.PASSED, State.FAILED), altered.seen


def test_a_grant_that_does_not_end_fails_the_check(
    outcome_of: Callable[[str], Outcome], waiting: Waiting, stack: Stack
):
    lasting = outcome_of("short-grant")
    waiting.pass_by = lambda s: stack.controls.advance(timedelta(seconds=s))
    ending = outcome_of("short-grant")

    assert lasting.state is State.FAILED
    assert ending.state is State.PASSED


def test_a_broker_whose_clock_differs_fails_the_check(
    outcome_of: Callable[[str], Outcome], stack: Stack
):
    agreeing = outcome_of("broker-clock")
    stack.controls.set_offset(timedelta(seconds=20))
    differing = outcome_of("broker-clock")

    assert (agreeing.state, differing.state) == (State.PASSED, State.FAILED)


def test_a_policy_that_something_else_wrote_fails_the_check(
    outcome_of: Callable[[str], Outcome], deployment: Deployment
):
    as_it_is = outcome_of("policy-versions")
    iam, arn = (
        deployment.account.client("iam"),
        deployment.account.output("RevocationPolicyArn"),
    )
    present = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=present)
    text = json.dumps(document["PolicyVersion"]["Document"]).replace("nobody", "noone")
    made = iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=text, SetAsDefault=True
    )
    foreign = outcome_of("policy-versions")
    version = json.dumps(document["PolicyVersion"]["Document"])
    again = iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=version, SetAsDefault=True
    )
    for old in (made, again):
        with suppress(ClientError):
            iam.delete_policy_version(
                PolicyArn=arn, VersionId=old["PolicyVersion"]["VersionId"]
            )

    assert (as_it_is.state, foreign.state) == (State.PASSED, State.FAILED)


def client_error(code: str, status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "Invoke")


def raising(error: Exception) -> Callable[[], object]:
    def call() -> object:
        raise error

    return call


def test_a_call_is_refused_only_where_aws_denies_it():
    denied = require_denied(raising(client_error("AccessDeniedException", 403)), "x")

    assert denied == "refused: AccessDeniedException"
    with pytest.raises(NotHeldError, match="x: let in"):
        require_denied(lambda: None, "x")
    with pytest.raises(NotHeldError, match="x: let in, to fail for ResourceNotFound"):
        require_denied(raising(client_error("ResourceNotFoundException", 404)), "x")


@pytest.mark.parametrize(
    ("code", "status"), [("NotImplemented", 501), ("ThrottlingException", 400)]
)
def test_what_aws_did_not_decide_is_neither_refused_nor_let_in(code: str, status: int):
    with pytest.raises(ClientError):
        require_denied(raising(client_error(code, status)), "x")
