"""The example of a stack that brings functions of its own: docs/another-stack.yaml."""

import json
from pathlib import Path
from typing import Any

import pytest

from aikagi_emulator.template import Stack
from app.adapters.catalogue_entry import EntryRules, read_entry
from tests.stack import ROOT
from tests.template.contract import violations
from tests.template.stacks import (
    ANOTHER_TEMPLATE,
    another_deployed,
    as_list,
    deployed,
    policies_of,
)

ROLE_ARN = '"RoleArn": "${InvokeRole.Arn}"'
PATH = "Path: !Sub /aikagi/${BrokerStackName}/\n"
ISSUER = """
  AnIssuer:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub /aikagi/${%s}/issuers/corp
      Type: String
      Value: >-
        {"Title": "T", "Issuer": "https://a.example", "Audiences": ["a"],
        "MaxTokenSeconds": 3600, "Algorithms": ["RS256"],
        "GroupsClaim": "groups", "Groups": {"a": ["everyone"]}}
"""
LAST = "\n  OrdersEntry:\n"


@pytest.fixture(scope="module")
def ours() -> Stack:
    return deployed()


@pytest.fixture(scope="module")
def theirs() -> Stack:
    return another_deployed()


def test_the_broker_takes_its_entries(ours: Stack, theirs: Stack):
    role = theirs.resources["InvokeRole"].attributes["Arn"]
    rules = EntryRules(
        role=ours.resources["InvokeRole"].attributes["Arn"],
        role_path=f"/aikagi/{ours.name}/",
        local_origins=["https://url0.lambda-url.example"],
    )
    path = ours.outputs["CataloguePath"]
    entries = theirs.of_type("AWS::SSM::Parameter")

    assert entries
    for entry in entries:
        name = entry.ref.removeprefix(f"{path}/")
        function = read_entry(name, entry.properties["Value"], rules)
        assert function.role_arn == role


def trust_of(stack: Stack) -> list[Any]:
    role = stack.resources["InvokeRole"].properties
    statements: list[Any] = role["AssumeRolePolicyDocument"]["Statement"]
    return statements


def trusting(principal: str, stack: Stack) -> list[Any]:
    """Return what the trust says of one principal, whoever is named beside it."""
    return [
        {"Action": entry["Action"], "Condition": entry["Condition"]}
        for entry in trust_of(stack)
        if principal in as_list(entry["Principal"]["AWS"])
    ]


def test_its_invoke_role_trusts_the_broker_alone_and_as_the_brokers_own_does(
    ours: Stack, theirs: Stack
):
    broker = ours.resources["BrokerRole"].attributes["Arn"]

    assert [entry["Principal"] for entry in trust_of(theirs)] == [{"AWS": broker}] * 3
    assert trusting(broker, theirs) == trusting(broker, ours)


def test_whoever_loses_access_through_the_broker_loses_it_here(
    ours: Stack, theirs: Stack
):
    def attached(stack: Stack) -> Any:
        return stack.resources["InvokeRole"].properties.get("ManagedPolicyArns", [])

    assert attached(theirs) == attached(ours)
    policy = "arn:aws:iam::123456789012:policy/revocation"
    assert attached(another_deployed(RevocationPolicyArn=policy)) == [policy]


def test_no_policy_that_another_stack_writes_lets_its_sessions_do_more(theirs: Stack):
    boundary = theirs.resources["InvokeBoundary"]
    role = theirs.resources["InvokeRole"]

    assert role.properties["PermissionsBoundary"] == boundary.ref
    assert (
        boundary.properties["PolicyDocument"]["Statement"]
        == (policies_of(theirs, role)["invoke"])
    )


def test_its_invoke_role_may_do_in_its_stack_what_the_brokers_may_in_its_own(
    ours: Stack, theirs: Stack
):
    own = json.dumps(policies_of(ours, ours.resources["InvokeRole"]))
    other = json.dumps(policies_of(theirs, theirs.resources["InvokeRole"]))

    assert ours.stack_id in own
    assert theirs.stack_id in other
    assert other.replace(theirs.stack_id, ours.stack_id) == own


def test_the_broker_may_assume_its_role_and_no_other_of_the_account(
    ours: Stack, theirs: Stack
):
    assume = policies_of(ours, ours.resources["BrokerRole"])["assume"]

    [pattern] = [
        resource for resource in assume[0]["Resource"] if resource.endswith("*")
    ]
    beginning = pattern.removesuffix("*")
    assert theirs.resources["InvokeRole"].attributes["Arn"].startswith(beginning)
    assert not [
        role.logical_id
        for stack in (ours, theirs)
        for role in stack.of_type("AWS::IAM::Role")
        if role.attributes["Arn"].startswith(beginning)
        and role.logical_id != "InvokeRole"
    ]


def said_of(folder: Path, old: str, new: str) -> list[str]:
    text = ANOTHER_TEMPLATE.read_text()
    assert old in text
    (folder / "another-stack").symlink_to(ROOT / "docs" / "another-stack")
    template = folder / "template.yaml"
    template.write_text(text.replace(old, new, 1))
    return violations(another_deployed(template), broker="trial")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            ROLE_ARN,
            '"RoleArn": "${FunctionRole.Arn}"',
            "OrdersEntry: its RoleArn is not that of InvokeRole",
            id="another role",
        ),
        pytest.param(
            f",\n          {ROLE_ARN}",
            "",
            "OrdersEntry: its RoleArn is not that of InvokeRole",
            id="no role",
        ),
        pytest.param(
            PATH,
            "Path: /aikagi/other/\n",
            "InvokeRole: its Path is not /aikagi/trial/",
            id="another path",
        ),
        pytest.param(
            LAST,
            ISSUER % "BrokerStackName" + LAST,
            "AnIssuer: an issuer says who people are",
            id="an issuer",
        ),
        pytest.param(
            "functions/orders",
            "functions/order",
            "OrdersFunction has the tag aikagi:function: orders, and no",
            id="a name that is not its tag",
        ),
    ],
)
def test_a_mistake_in_it_is_found(old: str, new: str, said: str, tmp_path: Path):
    sentences = said_of(tmp_path, old, new)

    assert any(sentence.startswith(said) for sentence in sentences), sentences


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ROLE_ARN, f'{ROLE_ARN},\n          "MaxDurationSeconds": 900'),
        (PATH, "Path: !Sub '/aikagi/${BrokerStackName}/'\n"),
    ],
)
def test_what_is_near_a_mistake_in_it_passes(old: str, new: str, tmp_path: Path):
    assert said_of(tmp_path, old, new) == []
