from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from aikagi_emulator.aws import Role, managed_policies_of, roles_of
from aikagi_emulator.aws.principals import layers_of
from aikagi_emulator.iam import decide
from aikagi_emulator.template import Resource, TemplateError
from emulator.tests.aws.small_stack import (
    ACCOUNT,
    BROKER,
    LAMBDA,
    TABLE,
    allow,
    policy,
    resource,
    role,
    stack_of,
)

READ = allow("dynamodb:GetItem", TABLE)
MANAGED = f"arn:aws:iam::{ACCOUNT}:policy/reading"
AWS_MANAGED = "arn:aws:iam::aws:policy/AdministratorAccess"


def managed_policy(**properties: object) -> Resource:
    return resource(
        "Reading",
        "AWS::IAM::ManagedPolicy",
        {"PolicyDocument": policy(READ), **properties},
        ref=MANAGED,
    )


def beside(type_: str, **properties: object) -> Resource:
    return resource(
        "Beside", type_, {"PolicyDocument": policy(READ), **properties}, ref="beside"
    )


def roles(*resources: Resource) -> Mapping[str, Role]:
    stack = stack_of(*resources)
    managed = managed_policies_of(stack, clock=lambda: datetime.now(UTC))
    return roles_of(stack, managed=managed)


def may_read(*resources: Resource) -> bool:
    layers = layers_of(roles(*resources)[BROKER])
    return decide("dynamodb:GetItem", TABLE, {}, layers).allowed


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param([role("broker", trust=[LAMBDA], may=[READ])], id="inline"),
        pytest.param(
            [
                role("broker", trust=[LAMBDA], may=[]),
                beside("AWS::IAM::RolePolicy", RoleName="broker", PolicyName="p"),
            ],
            id="RolePolicy",
        ),
        pytest.param(
            [
                role("broker", trust=[LAMBDA], may=[]),
                beside("AWS::IAM::Policy", Roles=["broker"], PolicyName="p"),
            ],
            id="Policy",
        ),
        pytest.param(
            [role("broker", trust=[LAMBDA], may=[]), managed_policy(Roles=["broker"])],
            id="ManagedPolicy that names the role",
        ),
        pytest.param(
            [
                role("broker", trust=[LAMBDA], may=[], ManagedPolicyArns=[MANAGED]),
                managed_policy(),
            ],
            id="ManagedPolicy that the role names",
        ),
        pytest.param(
            [
                role("broker", trust=[LAMBDA], may=[READ], PermissionsBoundary=MANAGED),
                managed_policy(),
            ],
            id="within its boundary",
        ),
    ],
)
def test_a_role_may_do_what_the_template_grants_it(resources: list[Resource]):
    assert may_read(*resources)


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param([role("broker", trust=[LAMBDA], may=[])], id="nothing granted"),
        pytest.param(
            [
                role("broker", trust=[LAMBDA], may=[]),
                role("other", trust=[LAMBDA], may=[]),
                beside("AWS::IAM::RolePolicy", RoleName="other", PolicyName="p"),
            ],
            id="granted to another role",
        ),
        pytest.param(
            [role("broker", trust=[LAMBDA], may=[]), managed_policy()],
            id="a managed policy nobody has",
        ),
        pytest.param(
            [role("broker", trust=[LAMBDA], may=[], ManagedPolicyArns=[AWS_MANAGED])],
            id="a policy of AWS, which is not loaded",
        ),
        pytest.param(
            [role("broker", trust=[LAMBDA], may=[READ], PermissionsBoundary=MANAGED)],
            id="a boundary that is not loaded",
        ),
    ],
)
def test_a_role_may_do_nothing_else(resources: list[Resource]):
    assert not may_read(*resources)


def test_a_role_carries_what_the_template_says_of_it():
    described = role(
        "broker",
        trust=[LAMBDA],
        may=[],
        MaxSessionDuration=7200,
        Tags=[{"Key": "team", "Value": "platform"}],
    )

    found = roles(described)[BROKER]

    assert (found.name, found.arn) == ("broker", BROKER)
    assert found.role_id == "AROABROKER00000000000"
    assert found.max_session_seconds == 7200
    assert found.tags == {"team": "platform"}
    assert found.boundary is None


def test_a_policy_for_a_role_that_does_not_exist_is_named():
    lost = beside("AWS::IAM::RolePolicy", RoleName="nobody", PolicyName="p")

    with pytest.raises(TemplateError, match="Beside belongs to the role nobody"):
        roles(role("broker", trust=[LAMBDA], may=[]), lost)


def test_a_policy_that_is_not_understood_is_named():
    odd = role("broker", trust=[LAMBDA], may=[{**READ, "Effect": "Maybe"}])

    with pytest.raises(TemplateError, match="Broker/own"):
        roles(odd)


def test_a_trust_policy_that_is_not_understood_is_named():
    odd = role("broker", trust=[{**LAMBDA, "Effect": "Maybe"}], may=[])

    with pytest.raises(TemplateError, match="Broker/trust"):
        roles(odd)
