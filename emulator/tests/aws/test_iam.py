"""IAM's versions of managed policies, as a real client meets them, and what they do."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aikagi_emulator.aws import AwsEndpoint, Session
from aikagi_emulator.template import Stack
from emulator.tests.aws.small_stack import (
    BROKER,
    FUNCTION,
    INVOKE,
    LAMBDA,
    NOBODY,
    POLICY,
    Client,
    Clock,
    allow,
    default_resources,
    managed_policy,
    policy,
    role,
    stack_of,
)

Connect = Callable[..., Any]

VERSIONS = [
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListPolicyVersions",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicyVersion",
]
ALICE = {"Effect": "Deny", "Action": "*", "Resource": "*"} | {
    "Condition": {"StringEquals": {"aws:SourceIdentity": "local+alice"}}
}


def text(*statements: dict[str, Any]) -> str:
    return json.dumps(policy(*statements))


def refused(call: Callable[..., Any], **arguments: object) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def iam(connect: Connect, operator: Session) -> Client:
    return connect("iam", operator)


def session_of(connect: Connect, broker: Session, name: str) -> str:
    """The access key id of a session of the invoke role with its source identity."""
    answer = connect("sts", broker).assume_role(
        RoleArn=INVOKE, RoleSessionName=name, SourceIdentity=name
    )
    return str(answer["Credentials"]["AccessKeyId"])


def may_call(aws: AwsEndpoint, access_key_id: str) -> bool:
    """As the gate of a function URL asks."""
    session = aws._sessions.find(access_key_id)
    assert session is not None
    decision = aws._authorizer.decide(
        session,
        "lambda:InvokeFunctionUrl",
        FUNCTION,
        source_ip="127.0.0.1",
        extra={"lambda:FunctionUrlAuthType": "AWS_IAM"},
    )
    return decision.allowed


def test_a_policy_is_as_the_template_has_it(iam: Client):
    found = iam.get_policy(PolicyArn=POLICY)["Policy"]
    version = iam.get_policy_version(PolicyArn=POLICY, VersionId="v1")["PolicyVersion"]

    assert (found["PolicyName"], found["Path"]) == ("guard", "/")
    assert found["DefaultVersionId"] == "v1"
    assert (found["AttachmentCount"], found["PermissionsBoundaryUsageCount"]) == (1, 0)
    assert version["Document"] == policy(NOBODY)
    assert version["IsDefaultVersion"]


def test_a_new_default_version_reaches_sessions_that_were_issued_before(
    iam: Client, connect: Connect, broker: Session, aws: AwsEndpoint
):
    alice = session_of(connect, broker, "local+alice")
    bob = session_of(connect, broker, "local+bob")
    assert may_call(aws, alice)

    made = iam.create_policy_version(
        PolicyArn=POLICY, PolicyDocument=text(ALICE), SetAsDefault=True
    )["PolicyVersion"]

    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", True)
    assert not may_call(aws, alice)
    assert may_call(aws, bob)


def test_a_version_that_is_not_the_default_decides_nothing(
    iam: Client, connect: Connect, broker: Session, aws: AwsEndpoint
):
    alice = session_of(connect, broker, "local+alice")

    iam.create_policy_version(PolicyArn=POLICY, PolicyDocument=text(ALICE))

    listed = iam.list_policy_versions(PolicyArn=POLICY)["Versions"]
    assert [(v["VersionId"], v["IsDefaultVersion"]) for v in listed] == [
        ("v2", False),
        ("v1", True),
    ]
    assert may_call(aws, alice)


def test_a_new_default_version_decides_once_its_delay_has_passed(
    iam: Client, connect: Connect, broker: Session, aws: AwsEndpoint, clock: Clock
):
    aws.policy_delay.set(timedelta(seconds=30))
    alice = session_of(connect, broker, "local+alice")
    iam.create_policy_version(
        PolicyArn=POLICY, PolicyDocument=text(ALICE), SetAsDefault=True
    )
    assert iam.get_policy(PolicyArn=POLICY)["Policy"]["DefaultVersionId"] == "v2"

    clock.shift = timedelta(seconds=20)
    before = may_call(aws, alice)
    clock.shift = timedelta(seconds=31)

    assert (before, may_call(aws, alice)) == (True, False)


def test_a_version_made_at_a_time_that_is_yet_to_come_waits_no_more(
    iam: Client, connect: Connect, broker: Session, aws: AwsEndpoint, clock: Clock
):
    aws.policy_delay.set(timedelta(seconds=30))
    alice = session_of(connect, broker, "local+alice")
    clock.shift = timedelta(minutes=5)
    iam.create_policy_version(
        PolicyArn=POLICY, PolicyDocument=text(ALICE), SetAsDefault=True
    )

    clock.shift = timedelta()

    assert not may_call(aws, alice)


def test_there_are_five_versions_at_most_and_numbers_are_not_given_again(iam: Client):
    new = {"PolicyArn": POLICY, "PolicyDocument": text(ALICE), "SetAsDefault": True}
    for _ in range(4):
        iam.create_policy_version(**new)
    assert refused(iam.create_policy_version, **new) == ("LimitExceeded", 409)

    iam.delete_policy_version(PolicyArn=POLICY, VersionId="v2")
    made = iam.create_policy_version(**new)["PolicyVersion"]

    assert made["VersionId"] == "v6"


def test_the_default_version_is_not_deleted(iam: Client):
    assert refused(iam.delete_policy_version, PolicyArn=POLICY, VersionId="v1") == (
        "DeleteConflict",
        409,
    )


def of_length(characters: int) -> str:
    """A document of so many characters, beside as much white space."""

    def document(name: str) -> str:
        statement = {**ALICE, "Resource": f"arn:aws:lambda:::{name}"}
        return json.dumps(policy(statement), separators=(",", ":"))

    name = "x" * (characters - len(document("")))
    return document(name).replace(",", ", \n ")


def test_a_document_has_6144_characters_at_most_without_its_white_space(iam: Client):
    iam.create_policy_version(PolicyArn=POLICY, PolicyDocument=of_length(6144))

    assert refused(
        iam.create_policy_version, PolicyArn=POLICY, PolicyDocument=of_length(6145)
    ) == ("LimitExceeded", 409)


@pytest.mark.parametrize(
    ("operation", "arguments", "said"),
    [
        pytest.param(
            "create_policy_version",
            {"PolicyDocument": '{"Version": "2012-10-17"}'},
            ("MalformedPolicyDocument", 400),
            id="no policy",
        ),
        pytest.param(
            "create_policy_version",
            {"PolicyDocument": "{"},
            ("MalformedPolicyDocument", 400),
            id="no JSON",
        ),
        pytest.param(
            "create_policy_version",
            {"PolicyDocument": text(ALICE).replace("aws:SourceIdentity", "aws:X")},
            ("NotImplemented", 501),
            id="a key that is not modelled",
        ),
        pytest.param(
            "get_policy", {"PolicyArn": POLICY + "s"}, ("NoSuchEntity", 404), id="lost"
        ),
        pytest.param(
            "get_policy_version",
            {"VersionId": "v2"},
            ("NoSuchEntity", 404),
            id="no such version",
        ),
        pytest.param(
            "delete_policy_version",
            {"VersionId": "2"},
            ("ValidationError", 400),
            id="no version at all",
        ),
        pytest.param(
            "list_policy_versions",
            {"MaxItems": 1},
            ("NotImplemented", 501),
            id="a page",
        ),
        pytest.param(
            "list_entities_for_policy", {}, ("NotImplemented", 501), id="not modelled"
        ),
    ],
)
def test_what_cannot_be_done_is_named_and_changes_nothing(
    iam: Client, operation: str, arguments: dict[str, Any], said: tuple[str, int]
):
    request = {"PolicyArn": POLICY, **arguments}

    assert refused(getattr(iam, operation), **request) == said

    assert len(iam.list_policy_versions(PolicyArn=POLICY)["Versions"]) == 1


CALLS: dict[str, tuple[str, dict[str, object]]] = {
    "iam:GetPolicy": ("get_policy", {}),
    "iam:GetPolicyVersion": ("get_policy_version", {"VersionId": "v1"}),
    "iam:ListPolicyVersions": ("list_policy_versions", {}),
    "iam:CreatePolicyVersion": (
        "create_policy_version",
        {"PolicyDocument": text(ALICE)},
    ),
    "iam:DeletePolicyVersion": ("delete_policy_version", {"VersionId": "v2"}),
}


@pytest.mark.parametrize("action", VERSIONS)
def test_each_operation_needs_its_own_permission_for_this_policy(
    connect_to: Callable[[Stack, Clock], tuple[Connect, AwsEndpoint]],
    clock: Clock,
    action: str,
):
    others = [name for name in VERSIONS if name != action]
    roles = [
        role("broker", trust=[LAMBDA], may=[allow(action, POLICY)]),
        role("others", trust=[LAMBDA], may=[allow(others, POLICY)]),
        role("elsewhere", trust=[LAMBDA], may=[allow(action, POLICY + "s")]),
    ]
    connect, aws = connect_to(stack_of(managed_policy(NOBODY), *roles), clock)
    connect("iam", aws.operator_session()).create_policy_version(
        PolicyArn=POLICY, PolicyDocument=text(ALICE)
    )
    operation, arguments = CALLS[action]

    def call(name: str) -> Callable[..., Any]:
        arn = BROKER.replace("broker", name)
        method = getattr(connect("iam", aws.function_session(arn, name)), operation)
        return lambda: method(PolicyArn=POLICY, **arguments)

    assert refused(call("others")) == ("AccessDenied", 403)
    assert refused(call("elsewhere")) == ("AccessDenied", 403)
    assert call("broker")()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-1"])
def test_a_signature_names_iam_s_own_region_or_that_of_the_address(
    connect: Connect, operator: Session, region: str
):
    client = connect("iam", operator, region_name=region)

    assert client.get_policy(PolicyArn=POLICY)["Policy"]["Arn"] == POLICY


def test_a_signature_for_another_region_is_refused(connect: Connect, operator: Session):
    client = connect("iam", operator, region_name="eu-west-1")

    assert refused(client.get_policy, PolicyArn=POLICY) == (
        "SignatureDoesNotMatch",
        403,
    )


def test_a_boundary_decides_as_it_is_now(
    connect_to: Callable[[Stack, Clock], tuple[Connect, AwsEndpoint]], clock: Clock
):
    everything = allow("*", "*")
    bounded = role(
        "broker", trust=[LAMBDA], may=[everything], PermissionsBoundary=POLICY
    )
    connect, aws = connect_to(stack_of(managed_policy(everything), bounded), clock)
    iam = connect("iam", aws.function_session(BROKER, "broker"))
    found = iam.get_policy(PolicyArn=POLICY)["Policy"]

    connect("iam", aws.operator_session()).create_policy_version(
        PolicyArn=POLICY,
        PolicyDocument=text(allow("iam:GetPolicyVersion", "*")),
        SetAsDefault=True,
    )

    assert found["PermissionsBoundaryUsageCount"] == 1
    assert iam.get_policy_version(PolicyArn=POLICY, VersionId="v1")
    assert refused(iam.get_policy, PolicyArn=POLICY) == ("AccessDenied", 403)


def denying(*statements: dict[str, Any]) -> Stack:
    return stack_of(
        *(
            managed_policy(*statements) if resource.logical_id == "Guard" else resource
            for resource in default_resources()
        )
    )


def test_a_template_that_is_loaded_anew_leaves_a_policy_as_others_made_it(
    iam: Client, aws: AwsEndpoint, clock: Clock
):
    iam.create_policy_version(
        PolicyArn=POLICY, PolicyDocument=text(ALICE), SetAsDefault=True
    )
    snapshot = aws.snapshot()
    again = AwsEndpoint(denying(NOBODY), clock=clock)

    again.endpoint(snapshot=snapshot)

    held, found = snapshot, again.snapshot()
    assert held is not None
    assert found is not None
    assert found.policies == held.policies
    assert json.loads(found.policies[POLICY].versions["v2"]) == policy(ALICE)


def test_another_document_in_the_template_is_a_new_default_version(
    iam: Client, aws: AwsEndpoint, clock: Clock
):
    for _ in range(4):
        iam.create_policy_version(
            PolicyArn=POLICY, PolicyDocument=text(ALICE), SetAsDefault=True
        )
    again = AwsEndpoint(denying(ALICE), clock=clock)

    again.endpoint(snapshot=aws.snapshot())

    found = again.snapshot()
    assert found is not None
    made = found.policies[POLICY]
    assert list(made.versions) == ["v2", "v3", "v4", "v5", "v6"]
    assert (made.default, json.loads(made.versions["v6"])) == ("v6", policy(ALICE))


def test_a_role_is_as_the_template_has_it(iam: Client):
    found = iam.get_role(RoleName="invoke")["Role"]
    attached = iam.list_attached_role_policies(RoleName="invoke")["AttachedPolicies"]

    assert (found["Arn"], found["Path"]) == (INVOKE, "/granted/")
    assert found["MaxSessionDuration"] == 7200
    assert "PermissionsBoundary" not in found
    trusted = found["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Principal"] for statement in trusted] == [{"AWS": BROKER}] * 2
    assert attached == [{"PolicyName": "guard", "PolicyArn": POLICY}]


def test_a_boundary_and_a_policy_that_names_the_role_are_told(
    connect_to: Callable[[Stack, Clock], tuple[Connect, AwsEndpoint]], clock: Clock
):
    bounded = role("bounded", trust=[LAMBDA], may=[], PermissionsBoundary=POLICY)
    aws_managed = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    other = role("other", trust=[LAMBDA], may=[], ManagedPolicyArns=[aws_managed])
    guard = managed_policy(NOBODY, Roles=["bounded"])
    connect, aws = connect_to(stack_of(bounded, other, guard), clock)
    client = connect("iam", aws.operator_session())

    boundary = client.get_role(RoleName="bounded")["Role"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == POLICY
    for name, arn in (("bounded", POLICY), ("other", aws_managed)):
        listed = client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        assert [policy["PolicyArn"] for policy in listed] == [arn]


def test_roles_are_told_to_whoever_may_know_and_others_learn_of_none(
    iam: Client, connect: Connect, broker: Session
):
    others = connect("iam", broker)

    assert refused(iam.get_role, RoleName="gone") == ("NoSuchEntity", 404)
    for name in ("invoke", "gone"):
        assert refused(others.get_role, RoleName=name) == ("AccessDenied", 403)
    assert refused(iam.list_roles) == ("NotImplemented", 501)
