import pytest

from aikagi_emulator.aws import AwsEndpoint
from aikagi_emulator.template import TemplateError
from emulator.tests.aws.small_stack import (
    BROKER,
    INVOKE,
    SECRET,
    allow,
    resource,
    role,
    stack_of,
    trusting,
)


def test_a_function_gets_a_session_named_like_itself(aws: AwsEndpoint):
    session = aws.function_session(BROKER, "local-Broker-1")

    assert session.arn.endswith(":assumed-role/broker/local-Broker-1")


def test_a_role_that_lambda_cannot_assume_runs_no_function(aws: AwsEndpoint):
    with pytest.raises(TemplateError, match="hello: Lambda cannot assume invoke: "):
        aws.function_session(INVOKE, "hello")


def test_a_role_that_is_not_there_runs_no_function(aws: AwsEndpoint):
    nobody = "arn:aws:iam::123456789012:role/nobody"

    with pytest.raises(TemplateError, match=f"hello has the role {nobody}"):
        aws.function_session(nobody, "hello")


def test_a_policy_that_asks_for_what_is_not_modelled_stops_the_start():
    odd = role(
        "broker",
        trust=[trusting(BROKER, "sts:AssumeRole", Null={"aws:SourceVpce": "true"})],
        may=[allow("s3:*", "*")],
    )

    with pytest.raises(TemplateError, match=r"Broker/trust: .* aws:SourceVpce is not"):
        AwsEndpoint(stack_of(odd), clock=lambda: pytest.fail("not asked"))


@pytest.mark.parametrize(
    ("type_", "properties", "ref"),
    [
        pytest.param(
            "AWS::DynamoDB::Table",
            {"KeySchema": [], "AttributeDefinitions": []},
            "users",
            id="a table without a key",
        ),
        pytest.param(
            "AWS::SecretsManager::Secret",
            {
                "GenerateSecretString": {
                    "SecretStringTemplate": "{",
                    "GenerateStringKey": "password",
                }
            },
            SECRET,
            id="a secret whose template is not JSON",
        ),
    ],
)
def test_a_store_that_cannot_be_made_is_named(
    type_: str, properties: dict[str, object], ref: str
):
    stack = stack_of(resource("Odd", type_, properties, ref=ref))
    aws = AwsEndpoint(stack, clock=lambda: pytest.fail("not asked"))

    with pytest.raises(TemplateError, match="Odd"):
        aws.endpoint()
