"""What a template has to say of what it keeps, and of the boundaries of its roles."""

from pathlib import Path

import pytest

from tests.template.contract import template_violations, violations
from tests.template.stacks import ANOTHER_TEMPLATE, TEMPLATE, deployed, outputs_for
from tests.template.test_contract import edited

TABLE = "    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n"
BOUNDARY = "      PermissionsBoundary: *permissions-boundary\n"


def test_both_templates_say_it():
    assert template_violations(TEMPLATE, {}) == []
    assert template_violations(ANOTHER_TEMPLATE, outputs_for(ANOTHER_TEMPLATE)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            TABLE,
            "    DeletionPolicy: Retain\n",
            "UsersTable: it does not say what becomes of what it holds",
            id="nothing of a replacement",
        ),
        pytest.param(
            TABLE,
            TABLE.replace("ReplacePolicy: Retain", "ReplacePolicy: Delete"),
            "UsersTable: DeletionPolicy is Retain and UpdateReplacePolicy Delete",
            id="one thing for an end and another for a replacement",
        ),
        pytest.param(
            BOUNDARY,
            "",
            "BrokerRole: it has no PermissionsBoundary",
            id="a role without the boundary",
        ),
    ],
)
def test_what_is_left_out_is_told_of(tmp_path: Path, old: str, new: str, said: str):
    template = edited(tmp_path, (old, new))

    sentences = template_violations(template, {})

    assert any(sentence.startswith(said) for sentence in sentences), sentences


def test_what_is_said_otherwise_passes(tmp_path: Path):
    template = edited(tmp_path, (TABLE, TABLE.replace("Retain", "Delete")))

    assert template_violations(template, {}) == []


TOPIC = """
  ATopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: ['arn:aws:sns:ap-northeast-1:123456789012:topic']
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: %s, Action: '%s', Resource: '*'}
"""
OUTPUTS = "\nOutputs:\n"
SERVICE = "{Service: cloudwatch.amazonaws.com}"


@pytest.mark.parametrize(
    ("principal", "action", "said"),
    [
        pytest.param("'*'", "sns:Publish", "trusts *", id="everybody"),
        pytest.param("{AWS: '*'}", "sns:Publish", "trusts *", id="every principal"),
        pytest.param(
            "{AWS: 'arn:aws:iam::123456789012:root'}",
            "sns:Publish",
            "trusts the whole account",
            id="the account",
        ),
        pytest.param(SERVICE, "sns:*", "allows sns:*", id="every action"),
    ],
)
def test_a_policy_of_a_resource_that_nothing_here_evaluates_is_read(
    tmp_path: Path, principal: str, action: str, said: str
):
    template = edited(tmp_path, (OUTPUTS, TOPIC % (principal, action) + OUTPUTS))

    [sentence] = template_violations(template, {})

    assert sentence.startswith(f"ATopicPolicy: the statement 1 {said}")


def test_a_policy_of_a_resource_that_names_who_and_what_passes(tmp_path: Path):
    template = edited(tmp_path, (OUTPUTS, TOPIC % (SERVICE, "sns:Publish") + OUTPUTS))

    assert template_violations(template, {}) == []


def test_the_role_that_sam_makes_for_a_function_has_the_boundary_too(tmp_path: Path):
    """Of a function that names no role, which `make check` refuses for its policy."""
    role = "      Timeout: 10\n      Role: !GetAtt FunctionRole.Arn\n"
    template = edited(tmp_path, (role, "      Timeout: 10\n"))

    assert template_violations(template, {}) == []
    [sentence] = [
        sentence
        for sentence in violations(deployed(template))
        if "AWSLambdaBasicExecutionRole" in sentence
    ]
    assert sentence.startswith("HelloFunction: it carries arn:aws:iam::aws:policy/")
