"""Function URLs: both permissions, as the session that signed."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aikagi_emulator.aws import Cloud, Session
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
    cloud: Cloud, request: Request, *, auth_type: str = "AWS_IAM"
) -> Caller | None:
    return cloud.gate().admit(
        request, function_arn=FUNCTION, auth_type=auth_type, source_ip="127.0.0.1"
    )


def refusal(cloud: Cloud, request: Request) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        admit(cloud, request)
    return caught.value


def cloud_where(*may: dict[str, Any], clock: Clock | None = None) -> Cloud:
    stack = stack_of(role("broker", trust=[LAMBDA], may=list(may)))
    return Cloud(stack, clock=clock or Clock())


def test_both_permissions_admit_the_caller_by_name():
    cloud = cloud_where(*BOTH)
    session = cloud.function_session(BROKER, "hello")

    caller = admit(cloud, signed(session))

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
    cloud = cloud_where(*may)
    session = cloud.function_session(BROKER, "hello")

    error = refusal(cloud, signed(session))

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
    cloud = cloud_where(*BOTH)
    limited = cloud._ledger.issue(
        cloud._roles[BROKER],
        lifetime=timedelta(hours=1),
        name="local+alice",
        session_policies=(Policy.identity(json.dumps(session_policy), name="session"),),
    )

    if admitted:
        assert admit(cloud, signed(limited))
    else:
        assert refusal(cloud, signed(limited)).message == FORBIDDEN


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
    cloud = cloud_where(*BOTH, revocation)

    def session(issued: str, who: str) -> Session:
        return cloud._ledger.issue(
            cloud._roles[BROKER],
            lifetime=timedelta(hours=1),
            name=who,
            tags={"issued": issued},
            source_identity=who,
        )

    assert admit(cloud, signed(session("1000", "local+alice")))
    assert admit(cloud, signed(session("999", "local+bob")))
    assert refusal(cloud, signed(session("999", "local+alice"))).status == 403


def test_the_token_of_another_session_is_refused():
    cloud = cloud_where(*BOTH)
    session, other = (cloud.function_session(BROKER, "hello") for _ in range(2))

    assert admit(cloud, signed(session))
    error = refusal(cloud, signed(session, token=other.session_token))

    assert (error.status, error.code) == (403, "UnrecognizedClientException")


def test_expired_credentials_are_refused():
    clock = Clock(shift=timedelta(days=-7, seconds=-1))
    cloud = cloud_where(*BOTH, clock=clock)
    old = cloud.function_session(BROKER, "hello")
    clock.shift = timedelta()
    young = cloud.function_session(BROKER, "hello")

    assert admit(cloud, signed(young))
    error = refusal(cloud, signed(old))

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
    cloud = cloud_where(*BOTH, clock=clock)
    request = signed(cloud.function_session(BROKER, "hello"))

    clock.shift = timedelta(minutes=minutes)

    if admitted:
        assert admit(cloud, request)
    else:
        assert refusal(cloud, request).code == "InvalidSignatureException"


def test_an_unsigned_request_is_forbidden_unless_the_url_is_public():
    cloud = cloud_where(*BOTH)
    unsigned = Request(method="GET", raw_path="/", raw_query="", headers=(), body=b"")

    error = refusal(cloud, unsigned)

    assert (error.status, error.code, error.message) == (
        403,
        "AccessDeniedException",
        FORBIDDEN,
    )
    assert admit(cloud, unsigned, auth_type="NONE") is None


def test_a_policy_that_changes_reaches_sessions_already_issued():
    cloud = cloud_where(*BOTH)
    session = cloud.function_session(BROKER, "hello")
    request = signed(session)
    assert admit(cloud, request)

    del cloud._authority._principals[BROKER]  # type: ignore[attr-defined]  # as if deleted

    assert refusal(cloud, request).message == FORBIDDEN


def test_a_session_of_the_invoke_role_keeps_its_name(cloud: Cloud):
    session = cloud._ledger.issue(
        cloud._roles[INVOKE], lifetime=timedelta(hours=1), name="local+alice"
    )

    caller = admit(cloud, signed(session))

    assert caller
    assert caller.user_arn.endswith("assumed-role/invoke/local+alice")
