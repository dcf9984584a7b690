"""Who may be the broker besides Lambda, where it runs as a container."""

import json
from typing import Any

import pytest

from aikagi_emulator.template import TemplateError
from tests.template.stacks import deployed

ACCOUNT = "123456789012"
POD = f"arn:aws:iam::{ACCOUNT}:role/aikagi-pod"
LAMBDA = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


def trust_with(principal: str) -> list[dict[str, Any]]:
    role = deployed(BrokerPrincipal=principal).resources["BrokerRole"]
    statements: list[dict[str, Any]]
    statements = role.properties["AssumeRolePolicyDocument"]["Statement"]
    return statements


@pytest.mark.parametrize(
    ("principal", "statements"),
    [
        pytest.param("", [], id="nobody"),
        pytest.param(
            "ecs-tasks.amazonaws.com",
            [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": ACCOUNT},
                        "ArnLike": {
                            "aws:SourceArn": f"arn:aws:ecs:ap-northeast-1:{ACCOUNT}:*"
                        },
                    },
                }
            ],
            id="tasks of ECS",
        ),
        pytest.param(
            "pods.eks.amazonaws.com",
            [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "pods.eks.amazonaws.com"},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Condition": {
                        "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}
                    },
                }
            ],
            id="pods of EKS",
        ),
        pytest.param(
            POD,
            [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": POD},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
                }
            ],
            id="a role",
        ),
    ],
)
def test_the_broker_is_lambda_and_the_principal_that_is_named(
    principal: str, statements: list[dict[str, Any]]
):
    assert trust_with(principal) == [LAMBDA, *statements]


@pytest.mark.parametrize(
    "principal",
    [
        pytest.param(f"arn:aws:iam::{ACCOUNT}:root", id="the account"),
        pytest.param(ACCOUNT, id="the account, by its number"),
        pytest.param("*", id="anybody"),
        pytest.param(f"arn:aws:iam::{ACCOUNT}:role/*", id="any role"),
        pytest.param(f"arn:aws:iam::*:role/{POD}", id="a role of any account"),
        pytest.param(f"arn:aws:iam::{ACCOUNT}:user/alice", id="a user"),
        pytest.param(
            f"arn:aws:sts::{ACCOUNT}:assumed-role/pod/x", id="a session of a role"
        ),
        pytest.param("ec2.amazonaws.com", id="another service"),
        pytest.param(f"{POD},{POD}", id="two"),
    ],
)
def test_neither_an_account_nor_anybody_may_be_the_broker(principal: str):
    with pytest.raises(TemplateError, match="Parameter BrokerPrincipal cannot be"):
        deployed(BrokerPrincipal=principal)


@pytest.mark.parametrize(
    "principal", ["ecs-tasks.amazonaws.com", "pods.eks.amazonaws.com", POD]
)
def test_whoever_runs_the_broker_nothing_else_trusts_them(principal: str):
    """Neither the invoke role nor a function's role has another word for it."""
    usual, changed = deployed(), deployed(BrokerPrincipal=principal)

    different = [
        name
        for name, resource in usual.resources.items()
        if as_json(resource.properties) != as_json(changed.resources[name].properties)
    ]

    assert different == ["BrokerRole"]
    assert usual.resources.keys() == changed.resources.keys()


def as_json(properties: Any) -> str:
    return json.dumps(properties, sort_keys=True, default=str)
