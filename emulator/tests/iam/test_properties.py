"""What holds for any policy at all."""

import contextlib
import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aikagi_emulator.iam import Context, Layers, Policy, PolicyError, decide
from aikagi_emulator.iam.operators import OPERATORS
from emulator.tests.iam.documents import ALLOW_ALL, HELLO, REPORT, a_document, a_policy

QUICK = settings(max_examples=60, deadline=None)
KEYS = ["aws:a", "aws:TagKeys", "lambda:InvokedViaFunctionUrl"]
VALUES = st.sampled_from(
    [
        "a",
        "a*",
        "",
        "true",
        "5",
        "2026-11-23",
        "10.0.0.0/8",
        "10.1.2.3",
        "QQ==",
        "arn:aws:iam::123456789012:role/*",
        "${aws:a}",
        "${aws:none, 'a'}",
    ]
)
NAMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]),
    st.sampled_from([*OPERATORS, "null"]),
    st.sampled_from(["", "IfExists"]),
)
CONDITIONS = st.dictionaries(
    NAMES,
    st.dictionaries(st.sampled_from(KEYS), st.lists(VALUES, max_size=3), max_size=2),
)
STATEMENTS = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect,
        **action,
        **resource,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(
        [
            {"Action": "*"},
            {"Action": "lambda:Invoke*"},
            {"Action": ["s3:GetObject"]},
            {"NotAction": "lambda:InvokeFunction"},
        ]
    ),
    st.sampled_from(
        [
            {"Resource": "*"},
            {"Resource": HELLO},
            {"NotResource": REPORT},
            {"Resource": "arn:aws:lambda:*:*:function:${aws:a}"},
        ]
    ),
    CONDITIONS,
)
CONTEXTS = st.dictionaries(
    st.sampled_from(KEYS), VALUES | st.lists(VALUES, max_size=3), max_size=3
)


def parsed(statements: list[dict[str, Any]]) -> tuple[Policy, ...]:
    policies = []
    for statement in statements:
        with contextlib.suppress(PolicyError):  # Null:IfExists and the like
            policies.append(a_policy(statement))
    return tuple(policies)


POLICIES = st.lists(STATEMENTS, max_size=4).map(parsed)
LAYERS = st.builds(
    Layers,
    identity=POLICIES,
    boundary=st.none() | POLICIES,
    session=st.none() | POLICIES,
)


def is_allowed(layers: Layers, context: Context) -> bool:
    return decide("lambda:InvokeFunction", HELLO, context, layers).allowed


@QUICK
@given(layers=LAYERS, context=CONTEXTS)
def test_a_decision_is_always_made_and_explained(layers: Layers, context: Context):
    decision = decide("lambda:InvokeFunction", HELLO, context, layers)

    assert decision.why.startswith("allowed by" if decision.allowed else ("d", "n"))


@QUICK
@given(layers=LAYERS, context=CONTEXTS, denial=STATEMENTS)
def test_one_more_deny_never_allows_more(
    layers: Layers, context: Context, denial: dict[str, Any]
):
    more = parsed([{**denial, "Effect": "Deny"}])

    before = is_allowed(layers, context)
    for denied in (
        replace(layers, identity=(*layers.identity, *more)),
        replace(layers, boundary=(*(layers.boundary or ()), *more)),
        replace(layers, session=(*(layers.session or ()), *more)),
    ):
        assert before or not is_allowed(denied, context)


@QUICK
@given(layers=LAYERS, context=CONTEXTS, limit=POLICIES)
def test_a_limit_never_allows_more(
    layers: Layers, context: Context, limit: tuple[Policy, ...]
):
    unlimited = Layers(identity=layers.identity)
    limited = Layers(identity=layers.identity, boundary=limit, session=layers.session)

    assert is_allowed(unlimited, context) or not is_allowed(limited, context)


@QUICK
@given(layers=LAYERS, context=CONTEXTS)
def test_an_empty_layer_allows_nothing(layers: Layers, context: Context):
    for emptied in (
        replace(layers, identity=()),
        replace(layers, boundary=()),
        replace(layers, session=()),
    ):
        assert not is_allowed(emptied, context)


@QUICK
@given(layers=LAYERS, context=CONTEXTS)
def test_a_boundary_that_allows_everything_changes_nothing(
    layers: Layers, context: Context
):
    unlimited = Layers(identity=layers.identity, session=layers.session)
    limited = Layers(
        identity=layers.identity,
        boundary=(a_policy(ALLOW_ALL),),
        session=layers.session,
    )

    assert is_allowed(unlimited, context) is is_allowed(limited, context)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Version",
                    "Statement",
                    "Effect",
                    "Action",
                    "Resource",
                    "Condition",
                    "Principal",
                    "AWS",
                    "StringEquals",
                    "aws:a",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
WHOLE = st.builds(
    lambda statement, members: a_document({**statement, **members}),
    STATEMENTS,
    st.dictionaries(
        st.sampled_from(
            ["Sid", "Effect", "Action", "Resource", "Principal", "Condition"]
        ),
        JSON,
        max_size=3,
    ),
)


@QUICK
@given(document=JSON | WHOLE)
def test_nothing_but_a_policy_error_leaves_the_parser(document: Any):
    for parse in (Policy.identity, Policy.trust):
        for form in (document, json.dumps(document)):
            with contextlib.suppress(PolicyError):
                parse(form, name="any")


@QUICK
@given(text=st.text(alphabet=st.characters(exclude_categories=())))
def test_no_text_breaks_the_parser(text: str):
    with contextlib.suppress(PolicyError):
        Policy.identity(text, name="any")
