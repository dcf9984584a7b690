"""What the template promises of revocation: docs/revocation.md."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from aikagi_emulator.aws import managed_policies_of
from aikagi_emulator.iam import Policy
from aikagi_emulator.template import Stack
from app.admin.revocation.document import document_of
from app.admin.revocation.entries import Entries
from app.domain.identity import Identity
from app.domain.session import SessionRequest, plan_session
from tests.fakes import NOON, a_function, a_user
from tests.template.stacks import deployed, policies_of

ACCOUNT: Final = "123456789012"
PARAMETERS: Final = f"arn:aws:ssm:ap-northeast-1:{ACCOUNT}:parameter"
PROOF: Final = "operator+revocation="
LONGEST_TRUST: Final = 2048
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


@pytest.fixture(scope="module")
def stack() -> Stack:
    return deployed()


def statements_of(stack: Stack) -> dict[str, dict[str, Any]]:
    """What the role of the command may do, by Sid."""
    policies = policies_of(stack, stack.resources["RevocationRole"])
    return {
        statement["Sid"]: statement
        for statements in policies.values()
        for statement in statements
    }


def policy_of(stack: Stack, name: str) -> dict[str, Any]:
    document: dict[str, Any] = stack.resources[name].properties["PolicyDocument"]
    return document


def test_a_deployment_never_changes_the_policy_that_revocations_are_written_to():
    """Another text or name here would undo every revocation that is in force."""
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Nobody",
                "Effect": "Deny",
                "Action": ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceIdentity": "nobody"}},
            }
        ],
    }

    for stack in (deployed(), deployed(name="another", LogLevel="DEBUG")):
        policy = stack.resources["RevocationPolicy"]
        assert policy.properties == {"PolicyDocument": document}


def test_a_later_deployment_leaves_a_revocation_in_force():
    revoked = Entries().with_person(Identity(issuer="local", subject="alice"), 1)
    document = document_of(revoked)
    before = managed_policies_of(deployed(), clock=lambda: NOON)
    [policy] = (policy for policy in before if "RevocationPolicy" in policy.name)
    policy.add(document, Policy.identity(document, name="alice's"), default=True)

    after = managed_policies_of(deployed(LogLevel="DEBUG"), clock=lambda: NOON)
    after.restore(before.snapshot())

    found = after.by_arn[policy.arn]
    assert json.loads(found.default.document) == json.loads(document)
    assert found.in_force == replace(policy.in_force, name=found.in_force.name)


def test_the_command_begins_with_the_document_that_the_template_has(stack: Stack):
    assert json.loads(document_of(Entries())) == policy_of(stack, "RevocationPolicy")


def test_what_the_template_denies_is_a_name_that_no_session_has():
    """The trust of the invoke role asks for a plus sign in it."""
    denied = policy_of(deployed(), "RevocationPolicy")["Statement"][0]["Condition"]

    assert "+" not in denied["StringEquals"]["aws:SourceIdentity"]


def test_the_invoke_role_carries_the_policy_of_revocations(stack: Stack):
    role = stack.resources["InvokeRole"].properties

    assert role["ManagedPolicyArns"] == [stack.resources["RevocationPolicy"].ref]


def test_the_invoke_role_has_a_boundary_that_allows_what_its_policy_does(stack: Stack):
    """Who may write a policy of the role could otherwise let it do anything."""
    role = stack.resources["InvokeRole"].properties
    [statements] = policies_of(stack, stack.resources["InvokeRole"]).values()

    assert role["PermissionsBoundary"] == stack.resources["InvokeBoundary"].ref
    assert policy_of(stack, "InvokeBoundary")["Statement"] == statements


def test_nobody_may_write_any_policy_but_that_of_revocations(stack: Stack):
    written = {
        (role.logical_id, statement["Resource"])
        for role in stack.of_type("AWS::IAM::Role")
        for statements in policies_of(stack, role).values()
        for statement in statements
        if "iam:" in json.dumps(statement["Action"])
    }

    assert written == {("RevocationRole", stack.resources["RevocationPolicy"].ref)}


def test_the_role_of_the_command_is_assumed_by_whoever_in_the_account_may(
    stack: Stack,
):
    role = stack.resources["RevocationRole"].properties

    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
        }
    ]


def test_the_role_of_the_command_makes_versions_of_one_policy(stack: Stack):
    assert statements_of(stack)["WriteTheRevocationPolicy"] == {
        "Sid": "WriteTheRevocationPolicy",
        "Effect": "Allow",
        "Action": [
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListPolicyVersions",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicyVersion",
        ],
        "Resource": stack.resources["RevocationPolicy"].ref,
    }


def test_the_role_of_the_command_writes_what_was_revoked_and_what_ends_logins(
    stack: Stack,
):
    statements, table = statements_of(stack), stack.resources["UsersTable"]

    assert statements["KeepRevocations"] == {
        "Sid": "KeepRevocations",
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
        "Resource": table.attributes["Arn"],
        "Condition": {
            "ForAllValues:StringEquals": {
                "dynamodb:LeadingKeys": ["revocations", "revocation-policy"]
            },
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    }
    assert statements["EndLogins"] == {
        "Sid": "EndLogins",
        "Effect": "Allow",
        "Action": "dynamodb:UpdateItem",
        "Resource": table.attributes["Arn"],
        "Condition": {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["principal#*"]},
            "ForAllValues:StringEquals": {
                "dynamodb:Attributes": [
                    "pk",
                    "valid_from",
                    "credentials_version",
                    "disabled",
                    "version",
                ]
            },
            "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
        },
    }


def test_the_role_of_the_command_may_do_what_it_needs_and_nothing_else(stack: Stack):
    statements = statements_of(stack)

    assert statements.keys() == {
        "KeepRevocations",
        "EndLogins",
        "WriteTheRevocationPolicy",
        "ReadTheCatalogue",
        "MakeASessionOfItsOwn",
    }
    assert statements["ReadTheCatalogue"] == {
        "Sid": "ReadTheCatalogue",
        "Effect": "Allow",
        "Action": "ssm:GetParametersByPath",
        "Resource": f"{PARAMETERS}/aikagi/trial/functions",
    }
    assert statements["MakeASessionOfItsOwn"] == {
        "Sid": "MakeASessionOfItsOwn",
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Resource": stack.resources["InvokeRole"].attributes["Arn"],
    }


def test_the_session_of_a_proof_has_one_name_which_is_nobody_s(stack: Stack):
    role = stack.resources["InvokeRole"].properties
    [condition] = [
        statement["Condition"]
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
        if statement["Sid"] == "ProofMayAssume"
    ]

    assert condition == {
        "StringEquals": {
            "sts:RoleSessionName": PROOF,
            "sts:SourceIdentity": PROOF,
            "aws:RequestTag/issuer": "operator",
            "aws:RequestTag/user": "revocation=",
        }
    }
    plan = plan_session(
        a_user("revocation=", "everyone", issuer="operator"),
        a_function("hello", "everyone"),
        SessionRequest(),
        grant_id="a-grant",
        now=NOON,
    )
    assert plan.name == "operator+revocation=3D"


def test_the_trust_of_the_invoke_role_is_no_longer_than_aws_takes():
    """Of a stack whose name is as long as there is room for in those of its roles."""
    stack = deployed(name="a" * 40)
    role = stack.resources["InvokeRole"].properties

    document = json.dumps(role["AssumeRolePolicyDocument"], separators=(",", ":"))
    assert len(document) <= LONGEST_TRUST
