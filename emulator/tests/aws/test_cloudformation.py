"""CloudFormation, as a real client meets it: what the stack is, by name or by id."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aikagi_emulator.aws import Session
from aikagi_emulator.template import Stack
from emulator.tests.aws.small_stack import default_resources, stack_of

Connect = Callable[..., Any]


@pytest.fixture
def stack() -> Stack:
    outputs = {"Table": "users", "Odd": "<&>"}
    return replace(stack_of(*default_resources()), outputs=outputs)


def refused(call: Callable[..., Any], **arguments: object) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_stack_is_described_with_its_outputs_by_name_and_by_id(
    connect: Connect, operator: Session, stack: Stack
):
    client = connect("cloudformation", operator)

    for name in (stack.name, stack.stack_id):
        (found,) = client.describe_stacks(StackName=name)["Stacks"]
        assert (found["StackName"], found["StackId"]) == (stack.name, stack.stack_id)
        assert found["StackStatus"] == "CREATE_COMPLETE"
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found["Outputs"]}
        assert outputs == dict(stack.outputs)


def test_a_resource_is_found_by_its_logical_id(connect: Connect, operator: Session):
    client = connect("cloudformation", operator)

    found = client.describe_stack_resource(StackName="local", LogicalResourceId="Users")

    detail = found["StackResourceDetail"]
    assert detail["PhysicalResourceId"] == "users"
    assert detail["ResourceType"] == "AWS::DynamoDB::Table"


def test_what_is_not_there_is_an_error_as_aws_has_it(
    connect: Connect, operator: Session
):
    client = connect("cloudformation", operator)

    assert refused(client.describe_stacks, StackName="gone") == ("ValidationError", 400)
    assert refused(
        client.describe_stack_resource, StackName="local", LogicalResourceId="Gone"
    ) == ("ValidationError", 400)


def test_whoever_may_not_look_learns_nothing_of_any_stack(
    connect: Connect, broker: Session
):
    client = connect("cloudformation", broker)

    for name in ("local", "gone"):
        assert refused(client.describe_stacks, StackName=name) == ("AccessDenied", 403)


def test_what_is_not_modelled_names_itself(connect: Connect, operator: Session):
    client = connect("cloudformation", operator)

    assert refused(client.describe_stacks) == ("NotImplemented", 501)
    assert refused(client.delete_stack, StackName="local") == ("NotImplemented", 501)
    assert refused(client.describe_stacks, StackName="local", NextToken="more") == (
        "NotImplemented",
        501,
    )
