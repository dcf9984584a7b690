"""The facts that policies see."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aikagi_emulator.aws import AwsEndpoint, Session
from aikagi_emulator.iam import Policy
from emulator.tests.aws.small_stack import (
    BROKER,
    LAMBDA,
    TABLE,
    allow,
    policy,
    resource,
    role,
    stack_of,
)

NOW = datetime(2026, 11, 22, 12, 34, 56, tzinfo=UTC)


def aws_where(condition: dict[str, Any]) -> AwsEndpoint:
    described = role(
        "broker",
        trust=[LAMBDA],
        may=[allow("dynamodb:GetItem", TABLE, **condition)],
        Tags=[{"Key": "Team", "Value": "role's"}, {"Key": "unit", "Value": "role's"}],
    )
    return AwsEndpoint(stack_of(described), clock=lambda: NOW)


def may_read(aws: AwsEndpoint, session: Session) -> bool:
    decision = aws._authorizer.decide(
        session, "dynamodb:GetItem", TABLE, source_ip="127.0.0.1"
    )
    return decision.allowed


def session_of(aws: AwsEndpoint, **more: Any) -> Session:
    return aws._sessions.issue(
        aws._roles[BROKER], lifetime=timedelta(hours=1), name="local+alice", **more
    )


@pytest.mark.parametrize(
    ("operator", "key", "value", "other"),
    [
        pytest.param(
            "StringEquals",
            "aws:CurrentTime",
            "2026-11-22T12:34:56Z",
            "2026-11-22T12:34:57Z",
            id="CurrentTime",
        ),
        pytest.param(
            "NumericEquals", "aws:EpochTime", "1795350896", "1", id="EpochTime"
        ),
        pytest.param(
            "IpAddress", "aws:SourceIp", "127.0.0.0/8", "10.0.0.0/8", id="SourceIp"
        ),
        pytest.param(
            "Bool", "aws:SecureTransport", "true", "false", id="SecureTransport"
        ),
        pytest.param("ArnEquals", "aws:PrincipalArn", BROKER, TABLE, id="PrincipalArn"),
        pytest.param(
            "StringEquals",
            "aws:PrincipalAccount",
            "123456789012",
            "999999999999",
            id="PrincipalAccount",
        ),
        pytest.param(
            "StringEquals",
            "aws:PrincipalType",
            "AssumedRole",
            "User",
            id="PrincipalType",
        ),
        pytest.param(
            "StringEquals",
            "aws:userid",
            "AROABROKER00000000000:local+alice",
            "AROABROKER00000000000",
            id="userid",
        ),
        pytest.param(
            "DateEquals",
            "aws:TokenIssueTime",
            "2026-11-22T12:34:56Z",
            "2026-11-22T12:34:55Z",
            id="TokenIssueTime",
        ),
        pytest.param("Bool", "aws:MultiFactorAuthPresent", "false", "true", id="MFA"),
        pytest.param(
            "Bool", "aws:PrincipalIsAWSService", "false", "true", id="IsAWSService"
        ),
        pytest.param("Bool", "aws:ViaAWSService", "false", "true", id="ViaAWSService"),
        pytest.param(
            "StringEquals",
            "aws:RequestedRegion",
            "ap-northeast-1",
            "us-east-1",
            id="RequestedRegion",
        ),
        pytest.param(
            "StringEquals",
            "aws:SourceIdentity",
            "local+alice",
            "local+bob",
            id="SourceIdentity",
        ),
        pytest.param(
            "StringEquals",
            "aws:PrincipalTag/team",
            "session's",
            "role's",
            id="a tag of the session over the role's",
        ),
        pytest.param(
            "StringEquals", "aws:PrincipalTag/unit", "role's", "x", id="a role's tag"
        ),
    ],
)
def test_a_policy_sees_what_aws_shows_it(
    operator: str, key: str, value: str, other: str
):
    def allowed(wanted: str) -> bool:
        aws = aws_where({operator: {key: wanted}})
        session = session_of(
            aws, source_identity="local+alice", tags={"TEAM": "session's"}
        )
        return may_read(aws, session)

    assert allowed(value)
    assert not allowed(other)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("aws:SourceIdentity", id="no source identity"),
        pytest.param("aws:PrincipalTag/other", id="no such tag"),
    ],
)
def test_what_a_session_lacks_is_absent(key: str):
    absent, present = (aws_where({"Null": {key: value}}) for value in ("true", "false"))

    assert may_read(absent, session_of(absent))
    assert not may_read(present, session_of(present))


def test_a_boundary_limits_and_does_not_grant():
    def bounded(statement: dict[str, Any]) -> bool:
        boundary = resource(
            "Boundary",
            "AWS::IAM::ManagedPolicy",
            {"PolicyDocument": policy(statement)},
            ref="arn:aws:iam::123456789012:policy/boundary",
        )
        described = role(
            "broker",
            trust=[LAMBDA],
            may=[allow("dynamodb:GetItem", TABLE)],
            PermissionsBoundary=boundary.ref,
        )
        aws = AwsEndpoint(stack_of(described, boundary), clock=lambda: NOW)
        return may_read(aws, session_of(aws))

    assert bounded(allow("dynamodb:*", "*"))
    assert not bounded(allow("s3:*", "*"))


def test_a_session_policy_limits_and_does_not_grant():
    aws = aws_where({"Bool": {"aws:SecureTransport": "true"}})
    within = Policy.identity(policy(allow("dynamodb:*", "*")), name="session")
    beside = Policy.identity(policy(allow("s3:*", "*")), name="session")

    assert may_read(aws, session_of(aws, session_policies=(within,)))
    assert not may_read(aws, session_of(aws, session_policies=(beside,)))
