"""IAM against an evaluator by other people: random policies, one verdict.

ministack models less than the emulator, so the generator leaves out what it does not
claim: policy variables, NotPrincipal, malformed values. ``DIFFERENCES`` are the cases
in which both answer and one is wrong.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.soak.clients import PYTHON
from tests.soak.random_policies import FUNCTION, a_case, a_trust_case
from tests.soak.reporting import Report
from tests.soak.scale import SEED, TIMES, amount, source
from tests.soak.verdicts import AGREED, Frozen, ours, theirs, whole

needs_ministack = pytest.mark.skipif(
    not TIMES or not PYTHON.exists(), reason="`make soak` installs ministack"
)


MAKERS = pytest.mark.parametrize(
    "make",
    [
        pytest.param(a_case, id="identity, boundary, session"),
        pytest.param(a_trust_case, id="trust"),
    ],
)


@needs_ministack
@MAKERS
def test_another_evaluator_decides_alike(
    make: Callable[..., dict[str, Any]], report: Report
):
    cases = [make(source(number)) for number in range(amount(250, 50_000))]

    verdicts = theirs(cases)

    allowed = [ours(case) for case in cases]
    differing = [
        (SEED, number, json.dumps(case))
        for number, case in enumerate(cases)
        if allowed[number] != verdicts[number]
    ]
    assert differing[:1] == [], f"{len(differing)} of {len(cases)}"
    report(
        {
            f"policies, {make.__name__}": len(cases),
            f"policies, {make.__name__}, allowed": sum(allowed),
        }
    )


@MAKERS
def test_the_verdicts_once_agreed_on_still_hold(make: Callable[..., dict[str, Any]]):
    """The same without ministack: cases of one seed, and what both said then."""
    agreed = json.loads(AGREED.read_text(encoding="utf-8"))[make.__name__]

    frozen = Frozen.of(make, ours)

    assert frozen.cases == agreed["cases"], "other cases: python -m tests.soak.verdicts"
    assert frozen.allowed == agreed["allowed"]


ALLOW = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
ALICE = {"aws:PrincipalTag/user": "alice"}
TAGS = {"aws:TagKeys": ["issuer", "user"]}


def when(operator: str, key: str, values: Any) -> dict[str, Any]:
    return {**ALLOW, "Condition": {operator: {key: values}}}


DIFFERENCES = [
    pytest.param(
        {**ALLOW, "Resource": FUNCTION.replace(":f", ":${aws:PrincipalTag/name}")},
        {"aws:PrincipalTag/name": "f"},
        True,
        id="policy variables: ministack takes them for text",
    ),
    pytest.param(
        when("ForAnyValue:StringEqualsIfExists", "aws:TagKeys", "user"),
        {},
        False,
        id="ForAnyValue of nothing is false, IfExists or not; iam-simulate agrees",
    ),
    pytest.param(
        when("StringNotEquals", "aws:TagKeys", "user"),
        TAGS,
        False,
        id="a multivalued key needs a set operator: ministack has none",
    ),
    pytest.param(
        when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x"),
        {"aws:PrincipalArn": "arn:aws:iam::1:user/y:role/x"},
        False,
        id="each part of an ARN is compared alone: a star ends at the colon",
    ),
    pytest.param(
        when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
        {"aws:SourceIp": "not an address"},
        False,
        id="what is no address is neither in a network nor outside it",
    ),
    pytest.param(
        when("Bool", "aws:PrincipalTag/user", "alice"),
        ALICE,
        False,
        id="Bool compares true and false only",
    ),
    pytest.param(
        when("Null", "aws:PrincipalTag/user", ["true", "false"]),
        ALICE,
        True,
        id="any of several values of Null: ministack reads the first",
    ),
    pytest.param(
        when("StringEquals", "lambda:FunctionUrlAuthType", "AWS_IAM"),
        {"lambda:FunctionUrlAuthType": "AWS_IAM"},
        False,
        id="InvokeFunction carries no FunctionUrlAuthType",
    ),
]


def about(statement: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": "lambda:InvokeFunction",
        "resource": FUNCTION,
        "context": {"aws:PrincipalArn": "arn:aws:iam::1:role/r", **context},
        "identity": [whole(statement)],
        "boundary": None,
        "session": None,
    }


@pytest.mark.parametrize(("statement", "context", "expected"), DIFFERENCES)
def test_where_the_two_differ_the_documentation_decides(
    statement: dict[str, Any], context: dict[str, Any], expected: bool
):
    assert ours(about(statement, context)) is expected


@needs_ministack
def test_every_difference_is_one():
    rows: list[Any] = [case.values for case in DIFFERENCES]

    verdicts = theirs([about(statement, context) for statement, context, _ in rows])

    assert verdicts == [not expected for _, _, expected in rows]
