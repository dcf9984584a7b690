"""Whether what is tried satisfies the condition, and what is beside it does not."""

import json
from typing import Any

import pytest

from aikagi_emulator.iam import Layers, Policy, decide
from tests.privileges.samples import (
    Context,
    UnknownOperatorError,
    conditions_of,
    differing,
    fitting,
    instance,
    is_optional,
    without,
)

CONDITIONS = [
    {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}},
    {"StringLike": {"sts:RoleSessionName": "?*+?*"}},
    {"StringLike": {"aws:PrincipalTag/x": "?*"}},
    {
        "ForAllValues:StringLike": {"aws:TagKeys": ["a", "claim.*"]},
        "Null": {"aws:TagKeys": "false"},
    },
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}},
    {"Bool": {"aws:SecureTransport": True}},
    {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:*:function:*"}},
    {"StringEquals": {"aws:PrincipalTag/function": "${aws:PrincipalTag/user}"}},
    {"Null": {"aws:TokenIssueTime": "false"}},
    {"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}},
    {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
    {"DateGreaterThanEquals": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"}},
    {"NumericLessThanEquals": {"aws:MultiFactorAuthAge": "3600"}},
    {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.7/32"]}},
]


def holds(condition: dict[str, object], context: Context) -> bool:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{**statement, "Condition": condition}],
    }
    layers = Layers(identity=(Policy.identity(json.dumps(policy), name="p"),))
    return decide("s3:GetObject", "arn:aws:s3:::a/b", context, layers).allowed


@pytest.mark.parametrize("condition", CONDITIONS, ids=json.dumps)
def test_a_condition_holds_for_what_fits_and_for_nothing_beside_it(
    condition: dict[str, Any],
):
    context = fitting(condition)

    assert holds(condition, context)
    for key in conditions_of(condition):
        optional = is_optional(key, condition)
        assert holds(condition, without(context, key)) is optional
        other = differing(context, key, condition)
        # Of several values one is enough for "for any value".
        if other is not None and "ForAnyValue:StringEquals" not in condition:
            assert not holds(condition, other)


def test_an_operator_for_which_no_value_is_known_is_named():
    with pytest.raises(UnknownOperatorError, match="BinaryEquals aws:x: no value"):
        fitting({"BinaryEquals": {"aws:x": "QQ=="}})


@pytest.mark.parametrize(
    ("pattern", "one"),
    [
        ("arn:aws:logs:r:1:log-group:a:*", "arn:aws:logs:r:1:log-group:a:log-stream:x"),
        ("arn:aws:iam::1:role/aikagi/a/*", "arn:aws:iam::1:role/aikagi/a/x"),
        ("arn:aws:dynamodb:r:1:table/a", "arn:aws:dynamodb:r:1:table/a"),
    ],
)
def test_an_instance_of_a_pattern_is_something_of_its_kind(pattern: str, one: str):
    assert instance(pattern) == one


def test_beside_a_condition_that_holds_for_everything_there_is_no_other_value():
    condition = {"StringLike": {"aws:PrincipalTag/x": "*"}}

    assert differing(fitting(condition), "aws:PrincipalTag/x", condition) is None
