"""Lambda's own API, as a real client meets it: who may invoke, what a function is."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aikagi_emulator.aws import AwsEndpoint, Session
from aikagi_emulator.template import Stack
from emulator.tests.aws.small_stack import (
    BROKER,
    FUNCTION,
    LAMBDA,
    allow,
    default_resources,
    resource,
    role,
    stack_of,
)

Connect = Callable[..., Any]

ORIGIN = "https://desk.example"
URL = "http://127.0.0.1:8101/"


@pytest.fixture
def stack() -> Stack:
    return stack_of(
        *default_resources(),
        resource(
            "Hello",
            "AWS::Lambda::Function",
            {"Tags": [{"Key": "team", "Value": "blue"}]},
            ref="hello",
            Arn=FUNCTION,
        ),
        resource(
            "HelloUrl",
            "AWS::Lambda::Url",
            {"AuthType": "AWS_IAM", "Cors": {"AllowOrigins": [ORIGIN]}},
            ref=FUNCTION,
            FunctionArn=FUNCTION,
            FunctionUrl=URL,
        ),
        role(
            "blue",
            trust=[LAMBDA],
            may=[
                allow(
                    "lambda:InvokeFunction",
                    FUNCTION,
                    StringEquals={"aws:ResourceTag/team": "blue"},
                )
            ],
        ),
        role(
            "caller",
            trust=[LAMBDA],
            may=[
                allow(
                    "lambda:InvokeFunction",
                    FUNCTION,
                    Bool={"lambda:InvokedViaFunctionUrl": "true"},
                )
            ],
        ),
    )


@pytest.fixture
def dry_run(connect: Connect, aws: AwsEndpoint) -> Callable[[str, str], int]:
    """Ask for leave to invoke as a role, and return the status of the answer."""

    def invoke(role_name: str, function: str) -> int:
        arn = BROKER.replace("broker", role_name)
        client = connect("lambda", aws.function_session(arn, "caller"))
        return status(client.invoke, FunctionName=function, InvocationType="DryRun")[1]

    return invoke


def status(call: Callable[..., Any], **arguments: object) -> tuple[str, int]:
    try:
        return "", call(**arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        answer = error.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("function", ["hello", FUNCTION])
def test_leave_to_invoke_is_asked_of_the_policies_and_nothing_runs(
    dry_run: Callable[[str, str], int], function: str
):
    assert dry_run("blue", function) == 204
    assert dry_run("broker", function) == 403


def test_the_invoke_api_is_no_call_by_a_url(dry_run: Callable[[str, str], int]):
    assert dry_run("caller", "hello") == 403


def test_a_function_that_is_not_there_is_told_to_whoever_may_ask(
    connect: Connect, operator: Session, broker: Session
):
    asked = {"FunctionName": "gone", "InvocationType": "DryRun"}

    assert status(connect("lambda", operator).invoke, **asked) == (
        "ResourceNotFoundException",
        404,
    )
    assert status(connect("lambda", broker).invoke, **asked) == (
        "AccessDeniedException",
        403,
    )


def test_a_url_and_tags_are_as_the_template_has_them(
    connect: Connect, operator: Session, stack: Stack
):
    client = connect("lambda", operator)

    url = client.get_function_url_config(FunctionName="hello")
    tags = client.list_tags(Resource=FUNCTION)["Tags"]

    assert (url["FunctionUrl"], url["AuthType"]) == (URL, "AWS_IAM")
    assert url["Cors"] == {"AllowOrigins": [ORIGIN]}
    assert tags["team"] == "blue"
    assert tags["aws:cloudformation:stack-id"] == stack.stack_id


@pytest.mark.parametrize("operation", ["get_function_url_config", "list_tags"])
def test_whoever_may_not_look_is_refused(
    connect: Connect, broker: Session, operation: str
):
    named = {"get_function_url_config": "FunctionName", "list_tags": "Resource"}
    call = getattr(connect("lambda", broker), operation)

    assert status(call, **{named[operation]: FUNCTION})[0] == "AccessDeniedException"


def test_what_is_not_modelled_names_itself(connect: Connect, operator: Session):
    client = connect("lambda", operator)

    assert status(client.invoke, FunctionName="hello")[1] == 501
    assert status(client.get_function, FunctionName="hello")[1] == 501
    assert (
        status(client.get_function_url_config, FunctionName="hello", Qualifier="live")[
            1
        ]
        == 501
    )


def test_a_signature_that_is_none_is_refused_first(connect: Connect):
    client = connect(
        "lambda", None, aws_access_key_id="AKNOBODY", aws_secret_access_key="none"
    )

    assert status(client.invoke, FunctionName="hello", InvocationType="DryRun") == (
        "UnrecognizedClientException",
        403,
    )
