"""Function URLs: both permissions, as the session that signed."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aikagi_emulator.aws import AwsEndpoint, Session
from aikagi_emulator.iam import Policy
from aikagi_emulator.sigv4 import Request
from aikagi_emulator.urls import Caller, RefusedError
from emulator.tests.aws.small_stack import (
    BOTH,
    BROKER,
    FUNCTION,
    INVOKE,
    LAMBDA,
    REGION,
    Clock,
    allow,
    policy,
    resource,
    role,
    stack_of,
)

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def signed(session: Session, *, token: str | None = None) -> Request:
    url = "http://127.0.0.1:8101/"
    request = AWSRequest("GET", url, headers={"host": urlsplit(url).netloc})
    credentials = Credentials(
        session.access_key_id,
        session.secret_access_key,
        token or session.session_token,
    )
    SigV4Auth(credentials, "lambda", REGION).add_auth(request)
    headers = tuple((k.lower(), v) for k, v in request.headers.items())
    return Request(method="GET", raw_path="/", raw_query="", headers=headers, body=b"")


def admit(
    aws: AwsEndpoint, request: Request, *, auth_type: str = "AWS_IAM"
) -> Caller | None:
    return aws.gate().admit(
        request, function_arn=FUNCTION, auth_type=auth_type, source_ip="127.0.0.1"
    )


def refusal(aws: AwsEndpoint, request: Request) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        admit(aws, request)
    return caught.value


def aws_where(*may: dict[str, Any], clock: Clock | None = None) -> AwsEndpoint:
    stack = stack_of(role("broker", trust=[LAMBDA], may=list(may)))
    return AwsEndpoint(stack, clock=clock or Clock())


def test_both_permissions_admit_the_caller_by_name():
    aws = aws_where(*BOTH)
    session = aws.function_session(BROKER, "hello")

    caller = admit(aws, signed(session))

    assert caller == Caller(
        access_key_id=session.access_key_id,
        account_id="123456789012",
        user_arn="arn:aws:sts::123456789012:assumed-role/broker/hello",
        user_id="AROABROKER00000000000:hello",
    )


@pytest.mark.parametrize(
    ("may", "missing"),
    [
        pytest.param(BOTH[1:], "lambda:InvokeFunctionUrl", id="no InvokeFunctionUrl"),
        pytest.param(BOTH[:1], "lambda:InvokeFunction", id="no InvokeFunction"),
        pytest.param(
            [
                allow(
                    "lambda:InvokeFunctionUrl",
                    FUNCTION,
                    StringEquals={"lambda:FunctionUrlAuthType": "NONE"},
                ),
                BOTH[1],
            ],
            "lambda:InvokeFunctionUrl",
            id="another auth type",
        ),
        pytest.param(
            [
                BOTH[0],
                allow(
                    "lambda:InvokeFunction",
                    FUNCTION,
                    Bool={"lambda:InvokedViaFunctionUrl": "false"},
                ),
            ],
            "lambda:InvokeFunction",
            id="only the Invoke API",
        ),
        pytest.param(
            [
                allow(
                    ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"],
                    FUNCTION.replace("hello", "report"),
                )
            ],
            "lambda:InvokeFunctionUrl",
            id="another function",
        ),
    ],
)
def test_one_permission_is_not_enough(may: list[dict[str, Any]], missing: str):
    aws = aws_where(*may)
    session = aws.function_session(BROKER, "hello")

    error = refusal(aws, signed(session))

    assert (error.status, error.code, error.message) == (
        403,
        "AccessDeniedException",
        FORBIDDEN,
    )
    assert error.why.startswith(f"{session.arn} may not {missing} {FUNCTION}: ")


@pytest.mark.parametrize(
    ("session_policy", "admitted"),
    [
        pytest.param(policy(*BOTH), True, id="both"),
        pytest.param(policy(BOTH[0]), False, id="one"),
        pytest.param(policy(allow("s3:*", "*")), False, id="neither"),
    ],
)
def test_a_session_policy_must_allow_both_too(
    session_policy: dict[str, Any],
    admitted: bool,
):
    aws = aws_where(*BOTH)
    limited = aws._sessions.issue(
        aws._roles[BROKER],
        lifetime=timedelta(hours=1),
        name="local+alice",
        session_policies=(Policy.identity(json.dumps(session_policy), name="session"),),
    )

    if admitted:
        assert admit(aws, signed(limited))
    else:
        assert refusal(aws, signed(limited)).message == FORBIDDEN


def test_a_deny_for_sessions_issued_before_a_moment_revokes_them():
    revocation = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceIdentity": "local+alice"},
            "NumericLessThan": {"aws:PrincipalTag/issued": "1000"},
        },
    }
    aws = aws_where(*BOTH, revocation)

    def session(issued: str, who: str) -> Session:
        return aws._sessions.issue(
            aws._roles[BROKER],
            lifetime=timedelta(hours=1),
            name=who,
            tags={"issued": issued},
            source_identity=who,
        )

    assert admit(aws, signed(session("1000", "local+alice")))
    assert admit(aws, signed(session("999", "local+bob")))
    assert refusal(aws, signed(session("999", "local+alice"))).status == 403


def test_the_token_of_another_session_is_refused():
    aws = aws_where(*BOTH)
    session, other = (aws.function_session(BROKER, "hello") for _ in range(2))

    assert admit(aws, signed(session))
    error = refusal(aws, signed(session, token=other.session_token))

    assert (error.status, error.code) == (403, "UnrecognizedClientException")


def test_expired_credentials_are_refused():
    clock = Clock(shift=timedelta(days=-7, seconds=-1))
    aws = aws_where(*BOTH, clock=clock)
    old = aws.function_session(BROKER, "hello")
    clock.shift = timedelta()
    young = aws.function_session(BROKER, "hello")

    assert admit(aws, signed(young))
    error = refusal(aws, signed(old))

    assert (error.status, error.code) == (403, "ExpiredTokenException")


@pytest.mark.parametrize(
    ("minutes", "admitted"),
    [
        pytest.param(4, True, id="four minutes"),
        pytest.param(6, False, id="six minutes"),
    ],
)
def test_a_signature_is_good_for_five_minutes(
    minutes: int,
    admitted: bool,
):
    clock = Clock()
    aws = aws_where(*BOTH, clock=clock)
    request = signed(aws.function_session(BROKER, "hello"))

    clock.shift = timedelta(minutes=minutes)

    if admitted:
        assert admit(aws, request)
    else:
        assert refusal(aws, request).code == "InvalidSignatureException"


def test_an_unsigned_request_is_forbidden_unless_the_url_is_public():
    aws = aws_where(*BOTH)
    unsigned = Request(method="GET", raw_path="/", raw_query="", headers=(), body=b"")

    error = refusal(aws, unsigned)

    assert (error.status, error.code, error.message) == (
        403,
        "AccessDeniedException",
        FORBIDDEN,
    )
    with pytest.raises(RefusedError, match="AccessDenied"):
        admit(aws, unsigned, auth_type="NONE")


@pytest.mark.parametrize(
    ("permitted", "admitted"),
    [
        (["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"], True),
        (["lambda:InvokeFunctionUrl"], False),
        (["lambda:InvokeFunction"], False),
    ],
)
@pytest.mark.parametrize("target", [FUNCTION, "hello"])
def test_a_public_url_needs_both_permissions_of_everybody(
    permitted: list[str], target: str, admitted: bool
):
    conditions: dict[str, dict[str, Any]] = {
        "lambda:InvokeFunctionUrl": {"FunctionUrlAuthType": "NONE"},
        "lambda:InvokeFunction": {"InvokedViaFunctionUrl": True},
    }
    permissions = [
        resource(
            f"Permission{number}",
            "AWS::Lambda::Permission",
            {
                "Action": action,
                "FunctionName": target,
                "Principal": "*",
                **conditions[action],
            },
            ref="p",
        )
        for number, action in enumerate(permitted)
    ]
    stack = stack_of(role("broker", trust=[LAMBDA], may=BOTH), *permissions)
    aws = AwsEndpoint(stack, clock=Clock())
    unsigned = Request(method="GET", raw_path="/", raw_query="", headers=(), body=b"")

    if admitted:
        assert admit(aws, unsigned, auth_type="NONE") is None
    else:
        with pytest.raises(RefusedError, match="AccessDenied"):
            admit(aws, unsigned, auth_type="NONE")
    assert refusal(aws, unsigned).status == 403


def test_a_policy_that_changes_reaches_sessions_already_issued():
    aws = aws_where(*BOTH)
    session = aws.function_session(BROKER, "hello")
    request = signed(session)
    assert admit(aws, request)

    del aws._authorizer._principals[BROKER]  # type: ignore[attr-defined]  # as if deleted

    assert refusal(aws, request).message == FORBIDDEN


def test_a_session_of_the_invoke_role_keeps_its_name(aws: AwsEndpoint):
    session = aws._sessions.issue(
        aws._roles[INVOKE], lifetime=timedelta(hours=1), name="local+alice"
    )

    caller = admit(aws, signed(session))

    assert caller
    assert caller.user_arn.endswith("assumed-role/invoke/local+alice")


def test_a_moved_clock_is_named_as_the_cause():
    clock = Clock()
    stack = stack_of(role("broker", trust=[LAMBDA], may=BOTH))
    aws = AwsEndpoint(stack, clock=clock, offset=lambda: clock.shift)
    request = signed(aws.function_session(BROKER, "hello"))
    assert admit(aws, request)

    clock.shift = timedelta(hours=1)
    error = refusal(aws, request)

    assert error.message.startswith("Signature expired: ")
    assert "moved" not in error.message
    assert error.why.endswith(
        "; the clock of this AWS was moved, and is 1:00:00 ahead of the real time"
    )
