"""What is a policy, and what stops a template or an AssumeRole by its name."""

import json
from collections.abc import Callable
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from aikagi_emulator.iam import Layers, Policy, PolicyError, decide
from emulator.tests.iam.documents import (
    ALLOW_ALL,
    BROKER,
    HELLO,
    MAY_CALL_HELLO,
    a_document,
    a_policy,
)

ALLOW = {"Sid": "One", "Effect": "Allow", "Action": "a:B", "Resource": "*"}
TRUST = {
    "Sid": "One",
    "Effect": "Allow",
    "Principal": {"AWS": BROKER},
    "Action": "sts:AssumeRole",
}


def without(statement: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key not in names}


def refused(
    parse: Callable[..., Policy],
    document: Any,
) -> str:
    with pytest.raises(PolicyError) as error:
        parse(document, name="the name")
    return str(error.value)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(a_document(*MAY_CALL_HELLO), id="a mapping"),
        pytest.param(json.dumps(a_document(*MAY_CALL_HELLO)), id="JSON"),
        pytest.param(
            MappingProxyType({**a_document(), "Statement": MAY_CALL_HELLO}),
            id="other mappings and sequences",
        ),
        pytest.param({**a_document(*MAY_CALL_HELLO), "Id": "x"}, id="an Id"),
    ],
)
def test_a_policy_is_parsed_from_json_or_what_json_becomes(document: Any):
    policy = Policy.identity(document, name="InvokeRole/call-hello")

    assert policy.name == "InvokeRole/call-hello"
    assert [statement.label for statement in policy.statements] == [
        "statement 1 (Url)",
        "statement 2 (Function)",
    ]


def test_a_single_statement_needs_no_list():
    document = {"Version": "2012-10-17", "Statement": ALLOW_ALL}

    assert len(Policy.identity(document, name="own").statements) == 1


def test_numbers_and_booleans_may_stand_bare_in_a_condition():
    document = json.dumps(
        a_document(
            {
                **ALLOW_ALL,
                "Condition": {
                    "Bool": {"aws:SecureTransport": True},
                    "NumericEquals": {"aws:MultiFactorAuthAge": [5, 1.5]},
                },
            }
        )
    )
    policy = Policy.identity(document, name="own")
    context = {"aws:SecureTransport": "true", "aws:MultiFactorAuthAge": "1.50"}

    assert decide("a:B", HELLO, context, Layers(identity=(policy,))).allowed


def test_equal_policies_are_equal():
    assert a_policy(*MAY_CALL_HELLO) == a_policy(*MAY_CALL_HELLO)
    assert len({a_policy(*MAY_CALL_HELLO), a_policy(*MAY_CALL_HELLO)}) == 1


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param("", "Expecting value", id="empty"),
        pytest.param("{", "Expecting property name", id="unfinished"),
        pytest.param("{} {}", "Extra data", id="two documents"),
        pytest.param("[]", "an object is wanted, not []", id="a list"),
        pytest.param(None, "an object is wanted, not None", id="nothing"),
        pytest.param(b"{}", "an object is wanted", id="bytes"),
        pytest.param(
            '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}',
            "a member is given twice",
            id="a member twice",
        ),
        pytest.param(
            '{"Version": "2012-10-17", "Statement": [{"Condition": {"Bool":'
            ' {"aws:a": true, "aws:a": false}}}]}',
            "a member is given twice among ['aws:a', 'aws:a']",
            id="a condition twice",
        ),
        pytest.param('{"Version": NaN}', "NaN is not JSON", id="NaN"),
        pytest.param('{"Version": -Infinity}', "-Infinity is not JSON", id="infinity"),
        pytest.param("[" * 100_000, "nested too deeply", id="nested"),
        pytest.param("1" * 5000, "Exceeds the limit", id="a huge number"),
        pytest.param({}, "Version must be the text", id="no Version"),
        pytest.param(
            {"Statement": [{**ALLOW, "Resource": "arn:aws:s3:::${aws:username}"}]},
            "Version must be the text",
            id="no Version, and a variable",
        ),
        pytest.param(
            {"Version": "2008-10-17", "Statement": [ALLOW]},
            "Version must be the text \"2012-10-17\", not '2008-10-17': without it,"
            " variables such as ${aws:username} are only text",
            id="the old Version",
        ),
        pytest.param(
            {"Version": date(2012, 10, 17), "Statement": [ALLOW]},
            "Version must be the text",
            id="a Version that YAML made a date",
        ),
        pytest.param({**a_document(ALLOW), "Id": 1}, "Id is a text", id="Id"),
        pytest.param(
            {**a_document(ALLOW), "Statements": []},
            "unknown element 'Statements'",
            id="an unknown element",
        ),
        pytest.param(a_document(), "Statement is empty", id="no statements"),
        pytest.param(
            a_document(ALLOW, ALLOW), "each Sid may be given to one", id="a Sid twice"
        ),
    ],
)
def test_what_is_no_policy_is_refused(document: Any, message: str):
    said = refused(Policy.identity, document)

    assert said.startswith("the policy: ")
    assert message in said


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        pytest.param(None, "statement 2: an object is wanted", id="nothing"),
        pytest.param([], "statement 2: an object is wanted", id="a list"),
        pytest.param(
            {**ALLOW, "Resources": "*"}, "unknown element 'Resources'", id="unknown"
        ),
        pytest.param({**ALLOW, "effect": "Allow"}, "unknown element", id="lower case"),
        pytest.param({1: "*"}, "unknown element 1", id="a number"),
        pytest.param({**ALLOW, "Sid": "a b"}, "Sid: 'a b' is more", id="Sid"),
        pytest.param({**ALLOW, "Sid": 7}, "Sid: 7 is more", id="Sid is a number"),
        pytest.param(without(ALLOW, "Effect"), "Effect: None", id="no Effect"),
        pytest.param({**ALLOW, "Effect": "allow"}, "Effect: 'allow'", id="Effect"),
        pytest.param({**ALLOW, "Effect": ["Deny"]}, "Effect: ['Deny']", id="a list"),
        pytest.param(
            without(ALLOW, "Action"),
            "exactly one of Action and NotAction",
            id="no Action",
        ),
        pytest.param(
            {**ALLOW, "NotAction": "a:C"},
            "exactly one of Action and NotAction",
            id="Action and NotAction",
        ),
        pytest.param({**ALLOW, "Action": []}, "Action: a text or", id="no actions"),
        pytest.param({**ALLOW, "Action": 1}, "Action: a text or", id="a number"),
        pytest.param({**ALLOW, "Action": ["a:B", 1]}, "Action: 1 is", id="one number"),
        *[
            pytest.param({**ALLOW, "Action": action}, f"Action: {action!r} has", id=id_)
            for action, id_ in (
                ("InvokeFunction", "no service"),
                ("", "empty action"),
                ("lambda:", "no name"),
                ("lam*:Invoke", "a wildcard in the service"),
                ("lambda:Invoke Function", "a space"),
                ("lambda:${aws:username}", "a variable"),
                ("lambda:a:b", "two colons"),
            )
        ],
        pytest.param(
            without(ALLOW, "Resource"),
            "exactly one of Resource and NotResource",
            id="no Resource",
        ),
        pytest.param(
            {**ALLOW, "NotResource": "*"},
            "exactly one of Resource and NotResource",
            id="Resource and NotResource",
        ),
        pytest.param({**ALLOW, "Resource": []}, "Resource: a text", id="no resources"),
        *[
            pytest.param(
                {**ALLOW, "Resource": ["*", arn]},
                f"Resource: {arn!r} is neither",
                id=id_,
            )
            for arn, id_ in (
                ("hello", "a name"),
                ("", "an empty text"),
                ("arn:aws:lambda", "three parts"),
                ("arn:aws:lambda:*:*", "five parts"),
                ("arn:*", "a star for four parts"),
                ("*:aws:lambda:*:*:*", "a star for arn"),
                ("**", "two stars"),
            )
        ],
        pytest.param(
            {**ALLOW, "Resource": "arn:aws:*:*:*:*"},
            "a wildcard for the service",
            id="a star for the service",
        ),
        pytest.param(
            {**ALLOW, "Resource": "arn:aws:s3:::${aws:username"},
            "Resource: '${aws:username' begins no variable",
            id="half a variable",
        ),
        pytest.param(
            {**ALLOW, "Principal": "*"}, "Principal: it does not belong", id="Principal"
        ),
        pytest.param(
            {**ALLOW, "NotPrincipal": "*"},
            "NotPrincipal: it does not belong",
            id="NotPrincipal",
        ),
        pytest.param(
            {**ALLOW, "Condition": []}, "Condition: an object", id="Condition"
        ),
        pytest.param(
            {**ALLOW, "Condition": {"Bool": "x"}}, "Condition: an object", id="operator"
        ),
        pytest.param(
            {**ALLOW, "Condition": {1: {"aws:a": "x"}}}, "1 is not a text", id="number"
        ),
        pytest.param(
            {**ALLOW, "Condition": {"Bool": {2: "x"}}}, "2 is not a text", id="key"
        ),
        pytest.param(
            {**ALLOW, "Condition": {"StringLik": {"aws:a": "x"}}},
            "Condition: unknown condition operator 'StringLik'",
            id="an unknown operator",
        ),
        pytest.param(
            {**ALLOW, "Condition": {"StringLike": {"user": "x"}}},
            "Condition: the key 'user' has no service",
            id="a key without service",
        ),
        pytest.param(
            {**ALLOW, "Condition": {"StringLike": {"aws:a": None}}},
            "Condition: the value None of 'aws:a'",
            id="a value that is null",
        ),
        pytest.param(
            {**ALLOW, "Condition": {"StringLike": {"aws:a": [["x"]]}}},
            "Condition: the value ['x'] of 'aws:a'",
            id="a value that is a list",
        ),
        pytest.param(
            {**ALLOW, "Condition": {"DateEquals": {"aws:a": date(2026, 1, 1)}}},
            "Condition: the value datetime.date",
            id="a value that YAML made a date",
        ),
        pytest.param(
            {**ALLOW, "Condition": {"NumericEquals": {"aws:a": 10**5000}}},
            "Condition: Exceeds the limit",
            id="a huge number",
        ),
    ],
)
def test_a_statement_that_is_not_understood_is_named(statement: Any, message: str):
    said = refused(Policy.identity, a_document({**ALLOW, "Sid": "First"}, statement))

    assert said.startswith("statement 2")
    assert message in said


def test_the_statement_is_named_by_its_sid_too():
    said = refused(Policy.identity, a_document({**ALLOW, "Effect": "Maybe"}))

    assert said == "statement 1 ('One'): Effect: 'Maybe' is neither 'Allow' nor 'Deny'"


def test_a_message_repeats_only_so_much_of_a_policy():
    statement = {**ALLOW, "Action": "x" * 100_000}

    assert len(refused(Policy.identity, a_document(statement))) < 400


def test_a_trust_policy_has_principals_and_no_resource():
    policy = Policy.trust(a_document(TRUST), name="InvokeRole/trust")

    assert policy.statements[0].resources is None


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        pytest.param(
            {**TRUST, "Resource": "*"}, "Resource: it does not belong", id="Resource"
        ),
        pytest.param(
            {**TRUST, "NotResource": "*"},
            "NotResource: it does not belong",
            id="NotResource",
        ),
        pytest.param(
            without(TRUST, "Principal"),
            "exactly one of Principal and NotPrincipal",
            id="no Principal",
        ),
        pytest.param(
            {**TRUST, "NotPrincipal": {"AWS": BROKER}},
            "exactly one of Principal and NotPrincipal",
            id="Principal and NotPrincipal",
        ),
        pytest.param(
            {**without(TRUST, "Principal"), "NotPrincipal": {"AWS": BROKER}},
            "NotPrincipal: with Allow it would trust everybody else",
            id="NotPrincipal with Allow",
        ),
        pytest.param(
            {**TRUST, "Action": "lambda:InvokeFunction"},
            "Action: 'lambda:InvokeFunction' is not of sts",
            id="an action of another service",
        ),
        pytest.param({**TRUST, "Action": "*"}, "'*' is not of sts", id="every action"),
        pytest.param({**TRUST, "Principal": {}}, "Principal: {} is neither", id="none"),
        pytest.param({**TRUST, "Principal": BROKER}, "is neither", id="a bare ARN"),
        pytest.param(
            {**TRUST, "Principal": {"CanonicalUser": "x"}},
            "Principal: unknown type of principal 'CanonicalUser'",
            id="an unknown type",
        ),
        pytest.param(
            {**TRUST, "Principal": {"aws": BROKER}},
            "unknown type of principal 'aws'",
            id="lower case",
        ),
        pytest.param(
            {**TRUST, "Principal": {"AWS": []}}, "AWS needs a text", id="empty list"
        ),
        pytest.param(
            {**TRUST, "Principal": {"AWS": [1]}}, "AWS holds 1", id="a number"
        ),
        *[
            pytest.param(
                {**TRUST, "Principal": {"AWS": name}},
                f"invalid principal {name!r}",
                id=id_,
            )
            for name, id_ in (
                ("arn:aws:iam::123456789012:role/*", "a wildcard"),
                ("arn:aws:iam::*:root", "any account's root"),
                ("arn:aws:iam::12345:root", "a short account"),
                ("12345678901", "eleven digits"),
                ("123456789012:root", "half an ARN"),
                ("arn:aws:iam::123456789012", "no root"),
                ("arn:aws:iam::123456789012:group/g", "a group"),
                ("AROAEXAMPLE", "an id"),
                ("", "an empty text"),
            )
        ],
        *[
            pytest.param(
                {**TRUST, "Principal": {"Service": name}},
                f"invalid service principal {name!r}",
                id=id_,
            )
            for name, id_ in (
                ("*", "every service"),
                ("lambda", "a short name"),
                ("lambda.example.com", "another domain"),
                ("lambda.amazonaws.com.evil.example", "a domain further"),
            )
        ],
    ],
)
def test_a_trust_policy_that_is_not_understood_is_named(
    statement: dict[str, Any], message: str
):
    said = refused(Policy.trust, a_document(statement))

    assert said.startswith("statement 1 ('One'): ")
    assert message in said


def test_a_policy_without_variables_needs_no_version():
    with_one = Policy.identity(a_document(ALLOW), name="p")

    assert Policy.identity({"Statement": [ALLOW]}, name="p") == with_one
