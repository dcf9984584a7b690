"""One policy for all functions: the tags of a function decide who may call it."""

from datetime import timedelta
from typing import Any

import pytest

from aikagi_emulator.aws import AwsEndpoint
from aikagi_emulator.aws.condition_keys import unmodelled_keys
from aikagi_emulator.aws.resource_tags import FunctionTags
from aikagi_emulator.template import Resource, Stack, TemplateError
from aikagi_emulator.urls import RefusedError
from emulator.tests.aws.small_stack import (
    BROKER,
    FUNCTION,
    LAMBDA,
    TABLE,
    Clock,
    allow,
    policy,
    resource,
    role,
    stack_of,
)
from emulator.tests.aws.test_gate import signed

STACK_ID = stack_of().stack_id
PERMITTED = {
    "aws:ResourceTag/team:function": "${aws:PrincipalTag/function}",
    "aws:ResourceTag/aws:cloudformation:stack-id": STACK_ID,
}


def function(**tags: str) -> Resource:
    return resource(
        "Hello",
        "AWS::Lambda::Function",
        {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]},
        ref="hello",
        Arn=FUNCTION,
    )


def by_tag(actions: list[str], **equals: str) -> dict[str, Any]:
    resources = FUNCTION.replace("hello", "*")
    return allow(actions, resources, StringEquals=PERMITTED | equals)


def admits(stack: Stack, *, arn: str = FUNCTION, **session_tags: str) -> bool:
    aws = AwsEndpoint(stack, clock=Clock())
    session = aws._sessions.issue(
        aws._roles[BROKER],
        lifetime=timedelta(hours=1),
        name="local+alice",
        tags=session_tags,
    )
    try:
        caller = aws.gate().admit(
            signed(session),
            function_arn=arn,
            auth_type="AWS_IAM",
            source_ip="127.0.0.1",
        )
    except RefusedError:
        return False
    return caller is not None


BOTH = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]


@pytest.mark.parametrize(
    ("tag", "asked", "admitted"),
    [("hello", "hello", True), ("hello", "report", False), ("", "hello", False)],
)
@pytest.mark.parametrize("qualifier", ["", ":live", ":7"])
def test_a_function_is_called_by_whose_session_is_for_its_tag(
    tag: str, asked: str, qualifier: str, admitted: bool
):
    tagged = function(**{"team:function": tag}) if tag else function()
    stack = stack_of(role("broker", trust=[LAMBDA], may=[by_tag(BOTH)]), tagged)

    found = admits(stack, arn=f"{FUNCTION}{qualifier}", function=asked)

    assert found == admitted


@pytest.mark.parametrize("action", BOTH)
def test_both_permissions_see_the_tags(action: str):
    (other,) = set(BOTH) - {action}
    may = [allow(other, FUNCTION), by_tag([action])]
    tagged = function(**{"team:function": "hello"})

    stack = stack_of(role("broker", trust=[LAMBDA], may=may), tagged)

    assert admits(stack, function="hello")
    assert not admits(stack, function="report")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stack-id", STACK_ID),
        ("stack-name", "local"),
        ("logical-id", "Hello"),
    ],
)
def test_cloudformation_tags_the_functions_of_a_stack(key: str, value: str):
    context = FunctionTags(stack_of(function())).context(FUNCTION)

    assert context[f"aws:ResourceTag/aws:cloudformation:{key}"] == value


def test_the_name_of_a_tag_has_no_case_in_a_condition():
    may = by_tag(BOTH, **{"AWS:RESOURCETAG/TEAM:FUNCTION": "hello"})
    tagged = function(**{"team:function": "hello"})

    stack = stack_of(role("broker", trust=[LAMBDA], may=[may]), tagged)

    assert admits(stack, function="hello")


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"aws:cloudformation:stack-id": STACK_ID}, "Hello has a tag aws:cloudform"),
        ({"AWS:x": "1"}, "Hello has a tag AWS:x: keys that begin with aws: are AWS's"),
        ({"team": "1", "Team": "2"}, "Hello has the tag Team twice, but for its case"),
    ],
)
def test_a_tag_that_lambda_or_a_condition_cannot_take_is_named(
    tags: dict[str, str], said: str
):
    stack = stack_of(role("broker", trust=[LAMBDA], may=[]), function(**tags))

    with pytest.raises(TemplateError, match=said):
        AwsEndpoint(stack, clock=Clock())


@pytest.mark.parametrize(
    ("action", "resource", "modelled"),
    [
        ("lambda:InvokeFunction", FUNCTION, True),
        ("lambda:*", "*", True),
        ("dynamodb:GetItem", TABLE, False),
        ("*", "*", False),
        ("s3:GetObject", "*", True),
    ],
)
def test_only_what_decides_about_functions_may_ask_for_their_tags(
    action: str, resource: str, modelled: bool
):
    document = policy(allow(action, resource, StringEquals=PERMITTED))

    assert unmodelled_keys(document) == (() if modelled else tuple(PERMITTED))
