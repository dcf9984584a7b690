"""Random policies and requests, of what two evaluators both claim to model.

``test_policies`` says what is left out, and why.
"""

import random
from typing import Any, Final

ACCOUNT: Final = "123456789012"
FUNCTION: Final = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
BROKER: Final = f"arn:aws:iam::{ACCOUNT}:role/aikagi/BrokerRole"
SESSION: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/BrokerRole/broker"
INVOKE: Final = f"arn:aws:iam::{ACCOUNT}:role/aikagi/InvokeRole"

_WORDS: Final = ("a", "A", "b", "abc", "a*b", "a b", "日本")
_NUMBERS: Final = ("0", "1", "2", "2.5", "2.50", "-3", "10")
_TIMES: Final = (
    "2020-01-01T00:00:00Z",
    "2021-06-01T12:30:00Z",
    "2021-06-01T12:30Z",
    "2021-06-01T21:30:00+09:00",
    "2021-06-01",
    "1622550600",
)
_ADDRESSES: Final = ("10.0.0.1", "10.9.9.9", "192.0.2.7", "2001:db8::1")
_ARNS: Final = (
    BROKER,
    f"arn:aws:iam::{ACCOUNT}:role/x",
    "arn:aws:iam::210987654321:user/x",
)

_STRINGS: Final = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
)
_ORDERINGS: Final = (
    "Equals",
    "NotEquals",
    "LessThan",
    "LessThanEquals",
    "GreaterThan",
    "GreaterThanEquals",
)

# For each kind of operator: its names, keys with a value of that kind, what a request
# may carry, and what a policy may compare it with.
_KINDS: Final = (
    (
        _STRINGS,
        ("aws:PrincipalTag/x", "aws:PrincipalTag/y", "sts:SourceIdentity"),
        _WORDS,
        (*_WORDS, "a*", "*", "?", "?*b", "*b*"),
    ),
    (
        tuple(f"Numeric{ordering}" for ordering in _ORDERINGS),
        ("aws:MultiFactorAuthAge", "aws:PrincipalTag/issued"),
        _NUMBERS,
        _NUMBERS,
    ),
    (
        tuple(f"Date{ordering}" for ordering in _ORDERINGS),
        ("aws:TokenIssueTime",),
        _TIMES,
        _TIMES,
    ),
    (
        ("Bool",),
        ("aws:MultiFactorAuthPresent", "aws:ViaAWSService"),
        ("true", "false"),
        ("true", "false", "True"),
    ),
    (
        ("IpAddress", "NotIpAddress"),
        ("aws:SourceIp",),
        _ADDRESSES,
        (*_ADDRESSES, "10.0.0.0/8", "10.0.0.0/16", "2001:db8::/32", "0.0.0.0/0"),
    ),
    (
        ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"),
        ("aws:PrincipalArn",),
        _ARNS,
        (
            *_ARNS,
            "arn:*:iam::*:role/*",
            "arn:aws:*:*:210987654321:*",
            "arn:aws:iam::*:*/x",
        ),
    ),
    (("BinaryEquals",), ("aws:PrincipalTag/z",), ("YQ==", "Yg=="), ("YQ==", "Yg==")),
)
_TAG_KEYS: Final = "aws:TagKeys"
_ACTIONS: Final = ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl")
_ACTION_PATTERNS: Final = (
    *_ACTIONS,
    "lambda:*",
    "LAMBDA:invoke*",
    "lambda:InvokeFunction?rl",
    "lambda:*Url",
    "s3:*",
    "*",
)
_RESOURCE_PATTERNS: Final = (
    "*",
    FUNCTION,
    "arn:aws:lambda:*:*:function:*",
    f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:?",
    f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:F",
    f"arn:aws:lambda:us-east-1:{ACCOUNT}:*",
    "arn:aws:s3:::b",
)
_TRUST_ACTIONS: Final = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


def a_case(source: random.Random) -> dict[str, Any]:
    """May the holder of some policies call a function?"""
    return {
        "action": source.choice(_ACTIONS),
        "resource": FUNCTION,
        "context": _context(source),
        "identity": [_document(source) for _ in range(source.randint(1, 2))],
        "boundary": _document(source) if source.random() < 1 / 4 else None,
        "session": _document(source) if source.random() < 1 / 4 else None,
    }


def a_trust_case(source: random.Random) -> dict[str, Any]:
    """May the broker, whose own policies allow everything, assume a role?"""
    statements = [_trust_statement(source) for _ in range(source.randint(1, 3))]
    action, context = source.choice(_TRUST_ACTIONS), _context(source)
    if action == "sts:TagSession":
        # AWS carries none there, and ministack what it is given.
        context.pop("sts:SourceIdentity", None)
    return {
        "action": action,
        "caller": SESSION,
        "context": context,
        "trust": _whole(statements),
    }


def _context(source: random.Random) -> dict[str, str | list[str]]:
    context: dict[str, str | list[str]] = {"aws:PrincipalArn": source.choice(_ARNS)}
    for _, keys, carried, _ in _KINDS:
        for key in keys:
            if source.random() < 2 / 3:
                context[key] = source.choice(carried)
    if source.random() < 2 / 3:
        context[_TAG_KEYS] = source.choices(_WORDS, k=source.randint(1, 3))
    return context


def _document(source: random.Random) -> dict[str, Any]:
    return _whole([_statement(source) for _ in range(source.randint(1, 3))])


def _whole(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(source: random.Random) -> dict[str, Any]:
    action = "NotAction" if source.random() < 1 / 8 else "Action"
    resource = "NotResource" if source.random() < 1 / 8 else "Resource"
    return {
        "Effect": _effect(source),
        action: _one_or_more(source, _ACTION_PATTERNS),
        resource: _one_or_more(source, _RESOURCE_PATTERNS),
        **_conditions(source),
    }


def _trust_statement(source: random.Random) -> dict[str, Any]:
    principals = (
        "*",
        {"AWS": "*"},
        {"AWS": ACCOUNT},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/Other", BROKER]},
        {"AWS": SESSION},
        {"AWS": "210987654321"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Other"},
        {"Service": "lambda.amazonaws.com"},
    )
    return {
        "Effect": _effect(source),
        "Principal": source.choice(principals),
        "Action": _one_or_more(source, (*_TRUST_ACTIONS, "sts:*", "sts:Assume*")),
        **_conditions(source),
    }


def _effect(source: random.Random) -> str:
    return source.choice(("Allow", "Allow", "Allow", "Deny"))


def _one_or_more(source: random.Random, choices: tuple[str, ...]) -> str | list[str]:
    if source.random() < 1 / 2:
        return source.choice(choices)
    return source.choices(choices, k=source.randint(1, 2))


def _conditions(source: random.Random) -> dict[str, Any]:
    lines = [_condition(source) for _ in range(source.choice((0, 0, 1, 1, 2)))]
    return {"Condition": dict(lines)} if lines else {}


def _condition(source: random.Random) -> tuple[str, dict[str, Any]]:
    if source.random() < 1 / 10:
        key = source.choice((_TAG_KEYS, "aws:PrincipalTag/x", "aws:SourceIp"))
        return "Null", {key: source.choice(("true", "false"))}
    names, keys, _, compared = source.choice(_KINDS)
    name, key = source.choice(names), source.choice(keys)
    values = _one_or_more(source, compared)
    if names[0].startswith("String") and source.random() < 1 / 3:
        quantifier = source.choice(("ForAllValues", "ForAnyValue"))
        return f"{quantifier}:{name}", {source.choice((_TAG_KEYS, key)): values}
    return name + source.choice(("", "", "IfExists")), {key: values}
