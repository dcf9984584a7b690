import pytest

from aikagi_emulator.aws.condition_keys import unmodelled_keys
from emulator.tests.aws.small_stack import TABLE, allow, policy


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param({"StringLike": {"sts:RoleSessionName": "?*"}}, id="STS"),
        pytest.param({"Bool": {"aws:SecureTransport": "true"}}, id="global"),
        pytest.param(
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "a#*"}}, id="DynamoDB"
        ),
        pytest.param(
            {"ForAllValues:StringEquals": {"dynamodb:Attributes": "a"}},
            id="DynamoDB's attributes",
        ),
        pytest.param({"StringEquals": {"AWS:PrincipalTag/team": "a"}}, id="a tag"),
        pytest.param(
            {"StringEquals": {"aws:userid": "${aws:PrincipalTag/team, 'none'}"}},
            id="a variable with a default",
        ),
        pytest.param({"StringEquals": {"aws:userid": "${*}${?}${$}"}}, id="escapes"),
    ],
)
def test_keys_that_requests_carry_are_modelled(condition: dict[str, dict[str, str]]):
    document = policy(allow("dynamodb:GetItem", TABLE, **condition))

    assert unmodelled_keys(document) == ()


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        pytest.param(
            {"ForAllValues:StringEquals": {"dynamodb:Select": "a"}},
            "dynamodb:Select",
            id="a key of a service",
        ),
        pytest.param(
            {"StringEqualsIfExists": {"aws:SourceVpce": "a"}},
            "aws:SourceVpce",
            id="a global key",
        ),
        pytest.param(
            {"StringEquals": {"aws:userid": "${aws:username}"}},
            "aws:username",
            id="a policy variable",
        ),
    ],
)
def test_a_key_that_no_request_carries_is_named(
    condition: dict[str, dict[str, str]], key: str
):
    document = policy(allow("dynamodb:GetItem", TABLE, **condition))

    assert unmodelled_keys(document) == (key,)


@pytest.mark.parametrize(
    ("action", "found"),
    [
        pytest.param("logs:PutLogEvents", (), id="another service"),
        pytest.param("dynamo*:GetItem", ("aws:SourceVpce",), id="a pattern"),
        pytest.param("*", ("aws:SourceVpce",), id="everything"),
        pytest.param("iam:PassRole", (), id="what IAM decides elsewhere"),
        pytest.param("iam:Get*", ("aws:SourceVpce",), id="what IAM decides here"),
    ],
)
def test_only_statements_that_decide_something_here_count(
    action: str, found: tuple[str, ...]
):
    condition = {"StringEquals": {"aws:SourceVpce": "a"}}

    assert unmodelled_keys(policy(allow(action, "*", **condition))) == found


def test_a_single_statement_without_action_counts():
    statement = {
        "Effect": "Deny",
        "NotAction": "s3:*",
        "Resource": "*",
        "Condition": {"Null": {"aws:SourceVpce": "true"}},
    }

    document = {"Version": "2012-10-17", "Statement": statement}

    assert unmodelled_keys(document) == ("aws:SourceVpce",)
