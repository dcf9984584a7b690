"""AssumeRole and GetCallerIdentity, as real SDK clients meet them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aikagi_emulator.aws import AwsEndpoint, Session
from aikagi_emulator.aws.assume_role import read
from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.sts import Sts
from emulator.tests.aws.small_stack import (
    BROKER,
    INVOKE,
    LENDING,
    SECOND,
    STRANGER,
    Client,
    Clock,
    allow,
    default_resources,
    policy,
    role,
    stack_of,
    trusting,
)

Connect = Callable[..., Any]
TAGS = [{"Key": "user", "Value": "alice"}]


def refused(call: Callable[..., Any], **arguments: object) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer: Any = caught.value.response
    return (
        answer["Error"]["Code"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Message"],
    )


def not_authorised(caller: str, action: str, resource: str) -> tuple[str, int, str]:
    message = (
        f"User: {caller} is not authorized to perform: {action} on resource: {resource}"
    )
    return "AccessDenied", 403, message


@pytest.fixture
def sts(connect: Connect, broker: Session) -> Client:
    return connect("sts", broker)


@pytest.fixture
def assumed(sts: Client, connect: Connect) -> Callable[..., Any]:
    """Assumes the invoke role and returns an STS client of the new session."""

    def assume(**arguments: object) -> Client:
        issued = sts.assume_role(
            RoleArn=INVOKE, RoleSessionName="local+alice", **arguments
        )["Credentials"]
        return connect(
            "sts",
            None,
            aws_access_key_id=issued["AccessKeyId"],
            aws_secret_access_key=issued["SecretAccessKey"],
            aws_session_token=issued["SessionToken"],
        )

    return assume


def test_everything_a_session_is_made_of_comes_back(sts: Client):
    before = datetime.now(UTC).replace(microsecond=0)

    answer = sts.assume_role(
        RoleArn=INVOKE,
        RoleSessionName="local+alice",
        SourceIdentity="local+alice",
        Tags=TAGS,
        TransitiveTagKeys=["user"],
        Policy=json.dumps(policy(allow("lambda:*", "*"))),
        DurationSeconds=900,
        ExternalId="outside",
    )

    issued = answer["Credentials"]
    assert issued["AccessKeyId"].startswith("ASIA")
    assert len(issued["AccessKeyId"]) == 20
    assert len(issued["SecretAccessKey"]) == 40
    assert len(issued["SessionToken"]) == 800
    lasts = issued["Expiration"] - before
    assert timedelta(seconds=900) <= lasts <= timedelta(seconds=905)
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": "AROAINVOKE00000000000:local+alice",
        "Arn": "arn:aws:sts::123456789012:assumed-role/invoke/local+alice",
    }
    assert answer["SourceIdentity"] == "local+alice"
    assert 0 < answer["PackedPolicySize"] <= 100


def test_a_session_is_told_who_it_is(assumed: Callable[..., Any]):
    identity = assumed().get_caller_identity()

    assert identity["Arn"] == (
        "arn:aws:sts::123456789012:assumed-role/invoke/local+alice"
    )
    assert identity["UserId"] == "AROAINVOKE00000000000:local+alice"
    assert identity["Account"] == "123456789012"


def test_the_operator_is_a_user(connect: Connect, operator: Session):
    identity = connect("sts", operator).get_caller_identity()

    assert identity["Arn"] == "arn:aws:iam::123456789012:user/operator"
    assert identity["UserId"].startswith("AIDA")


def test_a_session_name_that_the_trust_does_not_like_is_refused(
    sts: Client, broker: Session
):
    said = refused(sts.assume_role, RoleArn=INVOKE, RoleSessionName="alice")

    assert said == not_authorised(broker.arn, "sts:AssumeRole", INVOKE)


def test_a_role_whose_trust_does_not_name_the_caller_is_refused(
    connect: Connect, aws: AwsEndpoint
):
    stranger = aws.function_session(STRANGER, "stranger")

    said = refused(
        connect("sts", stranger).assume_role,
        RoleArn=INVOKE,
        RoleSessionName="local+alice",
    )

    assert said == not_authorised(stranger.arn, "sts:AssumeRole", INVOKE)


def test_a_role_that_does_not_exist_is_refused_in_the_same_words(
    sts: Client, broker: Session
):
    nobody = "arn:aws:iam::123456789012:role/nobody"

    said = refused(sts.assume_role, RoleArn=nobody, RoleSessionName="local+alice")

    assert said == not_authorised(broker.arn, "sts:AssumeRole", nobody)


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [
        pytest.param("sts:TagSession", {"Tags": TAGS}, id="tags"),
        pytest.param(
            "sts:SetSourceIdentity", {"SourceIdentity": "local+alice"}, id="identity"
        ),
    ],
)
def test_what_the_trust_does_not_grant_is_refused_by_its_action(
    missing: str,
    arguments: dict[str, Any],
    clock: Clock,
    connect_to: Callable[..., tuple[Connect, AwsEndpoint]],
):
    granted = [action for action in LENDING if action != missing]
    resources = default_resources()
    resources[1] = role(
        "invoke", path="/granted/", trust=[trusting(BROKER, *granted)], may=[]
    )
    connect, aws = connect_to(stack_of(*resources), clock)
    broker = aws.function_session(BROKER, "broker")
    assume = connect("sts", broker).assume_role
    plain = {"RoleArn": INVOKE, "RoleSessionName": "local+alice"}

    assert assume(**plain)["Credentials"]
    said = refused(assume, **plain, **arguments)

    assert said == not_authorised(broker.arn, missing, INVOKE)


def test_a_source_identity_persists_and_cannot_be_changed(assumed: Callable[..., Any]):
    session = assumed(SourceIdentity="local+alice")
    onward = {"RoleArn": SECOND, "RoleSessionName": "hop"}

    kept = session.assume_role(**onward)
    said = refused(session.assume_role, **onward, SourceIdentity="local+bob")

    assert kept["SourceIdentity"] == "local+alice"
    assert said == (
        "ValidationError",
        400,
        "The source identity is already set for this assume role session",
    )


def test_a_session_policy_limits_what_the_session_may_do(
    assumed: Callable[..., Any],
):
    onward = {"RoleArn": SECOND, "RoleSessionName": "hop"}
    within = json.dumps(policy(allow("sts:*", "*")))
    beside = json.dumps(policy(allow("lambda:*", "*")))

    assert assumed(Policy=within).assume_role(**onward)
    said = refused(assumed(Policy=beside).assume_role, **onward)

    assert said[0] == "AccessDenied"


def test_a_transitive_tag_persists_and_cannot_be_changed(
    assumed: Callable[..., Any], aws: AwsEndpoint
):
    session = assumed(
        Tags=[*TAGS, {"Key": "own", "Value": "stays"}], TransitiveTagKeys=["user"]
    )
    onward = {"RoleArn": SECOND, "RoleSessionName": "hop"}

    issued = session.assume_role(**onward, Tags=[{"Key": "other", "Value": "x"}])
    said = refused(
        session.assume_role, **onward, Tags=[{"Key": "USER", "Value": "bob"}]
    )

    hop = aws._sessions.find(issued["Credentials"]["AccessKeyId"])
    assert hop
    assert hop.tags == {"user": "alice", "other": "x"}
    assert hop.transitive_tag_keys == {"user"}
    assert hop.chained
    assert said[0] == "InvalidParameterValue"
    assert "conflicts with a transitive tag key" in said[2]


def test_inherited_tags_need_the_permission_to_tag(
    clock: Clock, connect_to: Callable[..., tuple[Connect, AwsEndpoint]]
):
    resources = default_resources()
    resources[2] = role("second", trust=[trusting(INVOKE, "sts:AssumeRole")], may=[])
    connect, aws = connect_to(stack_of(*resources), clock)
    sts = connect("sts", aws.function_session(BROKER, "broker"))

    def hop(**arguments: object) -> Client:
        issued = sts.assume_role(
            RoleArn=INVOKE, RoleSessionName="local+alice", **arguments
        )["Credentials"]
        client = connect(
            "sts",
            None,
            aws_access_key_id=issued["AccessKeyId"],
            aws_secret_access_key=issued["SecretAccessKey"],
            aws_session_token=issued["SessionToken"],
        )
        return client.assume_role(RoleArn=SECOND, RoleSessionName="hop")

    assert hop(Tags=TAGS)
    said = refused(hop, Tags=TAGS, TransitiveTagKeys=["user"])

    assert said[2].startswith(
        "User: arn:aws:sts::123456789012:assumed-role/invoke/local+alice is not "
        "authorized to perform: sts:TagSession"
    )


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        pytest.param(
            3601,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles "
            "assumed by role chaining.",
            id="an hour when chained",
        ),
        pytest.param(
            7201,
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this "
            "role.",
            id="the role's own limit",
        ),
    ],
)
def test_a_duration_beyond_a_limit_is_refused(sts: Client, seconds: int, message: str):
    arguments = {"RoleArn": INVOKE, "RoleSessionName": "local+alice"}

    assert sts.assume_role(**arguments, DurationSeconds=3600)
    said = refused(sts.assume_role, **arguments, DurationSeconds=seconds)

    assert said == ("ValidationError", 400, message)


def test_a_user_is_not_chained(
    clock: Clock, connect_to: Callable[..., tuple[Connect, AwsEndpoint]]
):
    resources = default_resources()
    user = "arn:aws:iam::123456789012:user/operator"
    resources[1] = role(
        "invoke",
        path="/granted/",
        trust=[trusting(user, "sts:AssumeRole")],
        may=[],
        MaxSessionDuration=7200,
    )
    connect, aws = connect_to(stack_of(*resources), clock)
    sts = connect("sts", aws.operator_session())

    answer = sts.assume_role(
        RoleArn=INVOKE, RoleSessionName="operator", DurationSeconds=7200
    )

    assert answer["Credentials"]


def test_an_expired_caller_is_told_so(connect: Connect, aws: AwsEndpoint, clock: Clock):
    clock.shift = timedelta(days=-7, seconds=-1)
    old = aws.function_session(BROKER, "broker")
    clock.shift = timedelta(days=-7, seconds=60)
    young = aws.function_session(BROKER, "broker")
    clock.shift = timedelta()

    assert connect("sts", young).get_caller_identity()["Arn"] == young.arn
    said = refused(connect("sts", old).get_caller_identity)

    assert said[:2] == ("ExpiredToken", 403)


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_may_be_a_quarter_of_an_hour_wrong(
    sts: Client, broker: Session, clock: Clock, minutes: int
):
    clock.shift = timedelta(minutes=minutes)
    assert sts.get_caller_identity()["Arn"] == broker.arn

    clock.shift = timedelta(minutes=minutes * 16 / 14)
    assert refused(sts.get_caller_identity)[0] == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param(
            {"aws_secret_access_key": "x" * 40}, "SignatureDoesNotMatch", id="secret"
        ),
        pytest.param({"aws_session_token": "x"}, "InvalidClientTokenId", id="token"),
        pytest.param(
            {"aws_access_key_id": "ASIAAAAAAAAAAAAAAAAA"},
            "InvalidClientTokenId",
            id="key id",
        ),
        pytest.param(
            {"region_name": "eu-west-1"}, "SignatureDoesNotMatch", id="Region"
        ),
    ],
)
def test_sts_has_its_own_names_for_a_bad_signature(
    connect: Connect, broker: Session, changes: dict[str, str], code: str
):
    sts = connect("sts", broker, **changes)

    said = refused(sts.get_caller_identity)

    assert said[:2] == (code, 403)


def test_an_action_that_is_not_modelled_is_named(sts: Client):
    said = refused(sts.get_session_token)

    assert said == (
        "NotImplemented",
        501,
        "The emulator does not model sts:GetSessionToken.",
    )


def test_a_packed_policy_can_be_made_too_large(aws: AwsEndpoint):
    def percent(_: object) -> int:
        return 112

    sts = Sts(
        authorizer=aws._authorizer,
        sessions=aws._sessions,
        roles=aws._roles,
        packed_percent=percent,
    )
    asked = read({"RoleArn": INVOKE, "RoleSessionName": "local+alice"})
    broker = aws.function_session(BROKER, "broker")

    with pytest.raises(AwsError, match="consumes 112% of allotted space") as caught:
        sts._assume(broker, asked, "127.0.0.1")

    assert caught.value.code == "PackedPolicyTooLarge"
