"""Decisions: one layer, several layers, and both sides of a trust."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aikagi_emulator.iam import (
    Context,
    Layers,
    Policy,
    Requester,
    decide,
    decide_assume,
)
from emulator.tests.iam.documents import (
    ACCOUNT,
    ALLOW_ALL,
    BROKER,
    BROKER_CALLS,
    BROKER_SESSION,
    DENY_ALL,
    HELLO,
    INVOKE,
    MAY_CALL_HELLO,
    REPORT,
    a_policy,
    a_trust,
)

VIA_URL: Context = {
    "lambda:FunctionUrlAuthType": "AWS_IAM",
    "lambda:InvokedViaFunctionUrl": "true",
}
BOTH = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
NONE: tuple[Policy, ...] = ()


def allowed(layers: Layers, action: str, resource: str, context: Context) -> bool:
    return decide(action, resource, context, layers).allowed


@pytest.mark.parametrize(
    ("statement", "action", "resource", "expected"),
    [
        pytest.param({"Action": "a:B", "Resource": "*"}, "a:B", HELLO, True, id="*"),
        pytest.param({"Action": "a:B", "Resource": "*"}, "a:C", HELLO, False, id="no"),
        pytest.param(
            {"Action": "LAMBDA:invokefunction", "Resource": "*"},
            "lambda:InvokeFunction",
            HELLO,
            True,
            id="actions without regard to case",
        ),
        pytest.param(
            {"Action": "lambda:Invoke*", "Resource": "*"},
            "lambda:InvokeFunctionUrl",
            HELLO,
            True,
            id="a star in an action",
        ),
        pytest.param(
            {"Action": "lambda:InvokeFunctio?", "Resource": "*"},
            "lambda:InvokeFunctionUrl",
            HELLO,
            False,
            id="a question mark is one character",
        ),
        pytest.param(
            {"Action": ["s3:*", "*"], "Resource": "*"}, "a:B", HELLO, True, id="a list"
        ),
        pytest.param(
            {"Action": "a:B", "Resource": HELLO}, "a:B", HELLO, True, id="an ARN"
        ),
        pytest.param(
            {"Action": "a:B", "Resource": HELLO}, "a:B", REPORT, False, id="other ARN"
        ),
        pytest.param(
            {"Action": "a:B", "Resource": HELLO},
            "a:B",
            HELLO.upper(),
            False,
            id="resources with regard to case",
        ),
        pytest.param(
            {"Action": "a:B", "Resource": HELLO},
            "a:B",
            f"{HELLO}:live",
            False,
            id="an alias is another resource",
        ),
        pytest.param(
            {"Action": "a:B", "Resource": f"{HELLO}*"},
            "a:B",
            f"{HELLO}:live",
            True,
            id="a star at the end goes beyond a colon",
        ),
        pytest.param(
            {"Action": "a:B", "Resource": "arn:aws:lambda:*:*:function:h?llo"},
            "a:B",
            HELLO,
            True,
            id="wildcards in an ARN",
        ),
        pytest.param(
            {"NotAction": ["a:C", "b:*"], "Resource": "*"}, "a:B", HELLO, True, id="not"
        ),
        pytest.param(
            {"NotAction": ["a:C", "A:b"], "Resource": "*"},
            "a:B",
            HELLO,
            False,
            id="NotAction names it",
        ),
        pytest.param(
            {"Action": "a:B", "NotResource": REPORT}, "a:B", HELLO, True, id="not this"
        ),
        pytest.param(
            {"Action": "a:B", "NotResource": [REPORT, HELLO]},
            "a:B",
            HELLO,
            False,
            id="NotResource names it",
        ),
        pytest.param(
            {"Action": "a:B", "Resource": HELLO.replace("hello", "${aws:username}")},
            "a:B",
            HELLO,
            True,
            id="a variable",
        ),
        pytest.param(
            {"Action": "a:B", "Resource": HELLO.replace("hello", "${aws:None}")},
            "a:B",
            HELLO,
            False,
            id="a variable without a value",
        ),
        pytest.param(
            {"Action": "a:B", "Resource": HELLO.replace("hello", "${aws:star}")},
            "a:B",
            HELLO,
            False,
            id="a star from a variable",
        ),
        pytest.param(
            {"Action": "a:B", "NotResource": HELLO.replace("hello", "${aws:None}")},
            "a:B",
            HELLO,
            False,
            id="NotResource, a variable without a value",
        ),
        pytest.param(
            {"Action": "a:B", "NotResource": HELLO.replace("hello", "${aws:username}")},
            "a:B",
            REPORT,
            True,
            id="NotResource, a variable",
        ),
    ],
)
def test_a_statement_covers_actions_and_resources(
    statement: dict[str, Any],
    action: str,
    resource: str,
    expected: bool,
):
    layers = Layers(identity=(a_policy({"Effect": "Allow", **statement}),))
    context = {"aws:username": "hello", "aws:star": "*"}

    assert allowed(layers, action, resource, context) is expected


def test_all_operators_and_keys_of_a_condition_must_hold():
    statement = {
        **ALLOW_ALL,
        "Condition": {
            "StringEquals": {"aws:a": "1", "aws:b": "2"},
            "Bool": {"aws:c": "true"},
        },
    }
    layers = Layers(identity=(a_policy(statement),))
    context = {"aws:a": "1", "aws:b": "2", "aws:c": "true"}

    assert allowed(layers, "a:B", HELLO, context)
    for key in context:
        assert not allowed(layers, "a:B", HELLO, {**context, key: "false"})


ALLOWS = (a_policy(ALLOW_ALL, name="all"),)
SILENT = (a_policy({**ALLOW_ALL, "Action": "other:Thing"}, name="silent"),)
DENIES = (a_policy(ALLOW_ALL, DENY_ALL, name="no"),)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param(Layers(identity=NONE), False, id="nothing"),
        pytest.param(Layers(identity=ALLOWS), True, id="identity"),
        pytest.param(Layers(identity=SILENT), False, id="identity says nothing"),
        pytest.param(Layers(identity=DENIES), False, id="identity denies"),
        pytest.param(Layers(identity=SILENT + ALLOWS), True, id="one of two allows"),
        pytest.param(Layers(identity=ALLOWS + DENIES), False, id="one of two denies"),
        pytest.param(
            Layers(identity=ALLOWS, boundary=ALLOWS), True, id="boundary allows"
        ),
        pytest.param(
            Layers(identity=ALLOWS, boundary=SILENT), False, id="boundary is silent"
        ),
        pytest.param(
            Layers(identity=ALLOWS, boundary=DENIES), False, id="boundary denies"
        ),
        pytest.param(
            Layers(identity=ALLOWS, boundary=NONE), False, id="boundary is empty"
        ),
        pytest.param(
            Layers(identity=SILENT, boundary=ALLOWS), False, id="boundary grants not"
        ),
        pytest.param(
            Layers(identity=ALLOWS, session=ALLOWS), True, id="session allows"
        ),
        pytest.param(
            Layers(identity=ALLOWS, session=SILENT), False, id="session is silent"
        ),
        pytest.param(
            Layers(identity=ALLOWS, session=DENIES), False, id="session denies"
        ),
        pytest.param(
            Layers(identity=ALLOWS, session=NONE), False, id="session is empty"
        ),
        pytest.param(
            Layers(identity=SILENT, session=ALLOWS), False, id="session grants not"
        ),
        pytest.param(
            Layers(identity=ALLOWS, boundary=ALLOWS, session=ALLOWS), True, id="three"
        ),
        pytest.param(
            Layers(identity=ALLOWS, boundary=SILENT, session=ALLOWS),
            False,
            id="three, the boundary silent",
        ),
    ],
)
def test_every_layer_must_allow_and_none_deny(layers: Layers, expected: bool):
    assert allowed(layers, "a:B", HELLO, {}) is expected


GRANTED = Layers(
    identity=(a_policy(*MAY_CALL_HELLO, name="InvokeRole/call-hello"),),
    session=(a_policy(*MAY_CALL_HELLO, name="session policy"),),
)


@pytest.mark.parametrize("action", BOTH)
def test_a_grant_can_call_its_function_through_the_url(action: str):
    assert allowed(GRANTED, action, HELLO, VIA_URL)


@pytest.mark.parametrize("action", BOTH)
def test_a_grant_cannot_call_another_function(action: str):
    assert not allowed(GRANTED, action, REPORT, VIA_URL)


@pytest.mark.parametrize("context", [{}, {"lambda:InvokedViaFunctionUrl": "false"}])
def test_a_grant_cannot_use_the_plain_invoke_api(context: Context):
    assert not allowed(GRANTED, "lambda:InvokeFunction", HELLO, context)


def test_a_grant_does_not_work_on_a_url_without_authorisation():
    context = {"lambda:FunctionUrlAuthType": "NONE"}

    assert not allowed(GRANTED, "lambda:InvokeFunctionUrl", HELLO, context)


@pytest.mark.parametrize("layer", ["identity", "session"])
@pytest.mark.parametrize("missing", [0, 1], ids=BOTH)
def test_a_grant_needs_both_permissions_on_both_layers(layer: str, missing: int):
    rest = a_policy(
        *(statement for n, statement in enumerate(MAY_CALL_HELLO) if n != missing)
    )
    layers = (
        replace(GRANTED, identity=(rest,))
        if layer == "identity"
        else replace(GRANTED, session=(rest,))
    )

    decided = [allowed(layers, action, HELLO, VIA_URL) for action in BOTH]

    assert decided == [missing != 0, missing != 1]


def test_a_session_can_be_cut_off_by_the_time_of_its_issue():
    """The design's revocation: by source identity and the broker's own clock."""
    revoked = {
        **DENY_ALL,
        "Condition": {
            "StringEquals": {"aws:SourceIdentity": "local+alice"},
            "NumericLessThan": {"aws:PrincipalTag/issued": "1000"},
        },
    }
    layers = replace(GRANTED, identity=(*GRANTED.identity, a_policy(revoked)))
    before = {
        **VIA_URL,
        "aws:SourceIdentity": "local+alice",
        "aws:PrincipalTag/issued": "999",
    }

    assert not allowed(layers, BOTH[0], HELLO, before)
    assert allowed(
        layers, BOTH[0], HELLO, {**before, "aws:PrincipalTag/issued": "1000"}
    )
    assert allowed(
        layers, BOTH[0], HELLO, {**before, "aws:SourceIdentity": "local+bob"}
    )


def test_an_allow_is_explained_by_every_layer():
    decision = decide("lambda:InvokeFunction", HELLO, VIA_URL, GRANTED)

    assert decision.why == (
        "allowed by identity policies: InvokeRole/call-hello statement 2 (Function) and"
        " session policies: session policy statement 2 (Function)"
    )


def test_a_deny_is_explained_by_its_statement():
    layers = replace(GRANTED, boundary=(a_policy(DENY_ALL, name="Boundary"),))

    decision = decide("lambda:InvokeFunction", HELLO, VIA_URL, layers)

    assert decision.why == "denied by permissions boundary: Boundary statement 1"


def test_silence_is_explained_by_what_came_nearest_in_each_layer():
    layers = replace(GRANTED, boundary=(a_policy(DENY_ALL, name="b"),))
    layers = replace(layers, boundary=(), session=SILENT)

    decision = decide("lambda:InvokeFunction", HELLO, {}, layers)

    assert decision.why == (
        "nothing allows it."
        " identity policies: InvokeRole/call-hello statement 2 (Function) covers action"
        " and resource, but Bool lambda:InvokedViaFunctionUrl failed: wanted true, was"
        " absent."
        " permissions boundary: there is no Allow in them."
        " session policies: silent statement 1 does not cover lambda:InvokeFunction."
    )


def test_silence_is_explained_by_the_resource_where_only_that_is_wrong():
    decision = decide("lambda:InvokeFunction", REPORT, VIA_URL, GRANTED)

    assert (
        f"statement 2 (Function) covers the action, but not {REPORT}." in decision.why
    )


# The trust of the design's invoke role.
TRUSTED = (
    {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": "sts:AssumeRole",
        "Condition": {"StringLike": {"sts:RoleSessionName": "?*+?*"}},
    },
    {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": "sts:TagSession",
        "Condition": {
            "ForAllValues:StringEquals": {"aws:TagKeys": ["user", "function"]},
            "StringLike": {"aws:RequestTag/user": "?*"},
        },
    },
    {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": "sts:SetSourceIdentity",
        "Condition": {"StringLike": {"sts:SourceIdentity": "?*+?*"}},
    },
)
ASKED: Context = {
    "sts:RoleSessionName": "local+alice",
    "sts:SourceIdentity": "local+alice",
    "aws:TagKeys": ["user", "function"],
    "aws:RequestTag/user": "alice",
    "aws:RequestTag/function": "hello",
}
STS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
MAY_ASSUME = a_policy(
    {"Effect": "Allow", "Action": list(STS), "Resource": INVOKE}, name="BrokerMayAssume"
)
BROKER_LAYERS = Layers(identity=(MAY_ASSUME,))


def assumes(
    action: str,
    *trusted: Mapping[str, Any],
    context: Context = ASKED,
    requester: Requester = BROKER_CALLS,
    layers: Layers = BROKER_LAYERS,
    role: str = INVOKE,
) -> bool:
    return decide_assume(
        action,
        role,
        context,
        trust=a_trust(*trusted),
        requester=requester,
        layers=layers,
    ).allowed


def trusting(principal: object, **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:*", **more}


@pytest.mark.parametrize("action", STS)
def test_the_broker_may_assume_tag_and_name(action: str):
    assert assumes(action, *TRUSTED)


@pytest.mark.parametrize(
    ("action", "changed"),
    [
        ("sts:AssumeRole", {"sts:RoleSessionName": "alice"}),
        ("sts:TagSession", {"aws:TagKeys": ["user", "function", "admin"]}),
        ("sts:TagSession", {"aws:RequestTag/user": ""}),
        ("sts:SetSourceIdentity", {"sts:SourceIdentity": "alice"}),
    ],
    ids=["session name", "an extra tag", "an empty tag", "source identity"],
)
def test_the_broker_may_not_say_anything_else(action: str, changed: Context):
    assert not assumes(action, *TRUSTED, context={**ASKED, **changed})


def test_one_condition_on_the_session_name_for_all_actions_locks_the_tags_out():
    """AWS does not show TagSession the session's name, so the condition fails."""
    together = {**TRUSTED[0], "Action": list(STS)}

    assert assumes("sts:AssumeRole", together)
    assert not assumes("sts:TagSession", together)
    assert not assumes("sts:SetSourceIdentity", together)


def test_a_role_that_is_named_needs_no_policy_of_its_own_but_for_the_source_identity():
    layers = Layers(identity=())

    decided = [assumes(action, *TRUSTED, layers=layers) for action in STS]

    assert decided == [True, True, False]


def test_a_source_identity_needs_no_second_side_where_nothing_is_chained():
    alice = f"arn:aws:iam::{ACCOUNT}:user/alice"
    requester = Requester(arn=alice, role_arn=None, account=ACCOUNT)
    trusted = trusting({"AWS": alice})

    assert assumes(STS[2], trusted, requester=requester, layers=Layers(identity=()))


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"AWS": ACCOUNT},
        {"AWS": "*"},
        "*",
    ],
    ids=["root", "account", "AWS *", "*"],
)
def test_a_trusted_account_leaves_the_word_to_its_own_policies(principal: object):
    assert assumes("sts:AssumeRole", trusting(principal))
    assert not assumes(
        "sts:AssumeRole", trusting(principal), layers=Layers(identity=())
    )


def test_only_a_statement_that_applies_counts_as_naming():
    """Named where a condition fails, and trusted through the account elsewhere."""
    named = trusting({"AWS": BROKER}, Condition={"Bool": {"aws:X": "true"}})
    account = trusting({"AWS": ACCOUNT})

    assert assumes("sts:AssumeRole", named, account)
    assert not assumes("sts:AssumeRole", named, account, layers=Layers(identity=()))


def test_a_trusted_session_is_as_good_as_its_role():
    trusted = trusting({"AWS": BROKER_SESSION})
    other = replace(BROKER_CALLS, arn=BROKER_SESSION + "2")

    assert assumes("sts:AssumeRole", trusted, layers=Layers(identity=()))
    assert not assumes("sts:AssumeRole", trusted, requester=other)


def test_nobody_else_is_trusted():
    other = Requester(
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Other/x",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/Other",
        account=ACCOUNT,
    )

    assert not assumes("sts:AssumeRole", *TRUSTED, requester=other)


def test_naming_a_caller_of_another_account_does_not_suffice():
    foreign = Requester(
        arn="arn:aws:sts::999999999999:assumed-role/R/x",
        role_arn="arn:aws:iam::999999999999:role/R",
        account="999999999999",
    )
    trusted = trusting({"AWS": foreign.role_arn})

    assert assumes("sts:AssumeRole", trusted, requester=foreign)
    assert not assumes(
        "sts:AssumeRole", trusted, requester=foreign, layers=Layers(identity=())
    )


@pytest.mark.parametrize("layer", ["boundary", "session"])
@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param((MAY_ASSUME,), True, id="allows"),
        pytest.param(SILENT, False, id="is silent"),
        pytest.param((), False, id="is empty"),
        pytest.param(DENIES, False, id="denies"),
    ],
)
def test_the_requesters_own_limits_hold_even_where_it_is_named(
    layer: str,
    policies: tuple[Policy, ...],
    expected: bool,
):
    layers = (
        Layers(identity=(), boundary=policies)
        if layer == "boundary"
        else Layers(identity=(), session=policies)
    )

    assert assumes("sts:AssumeRole", *TRUSTED, layers=layers) is expected


def test_a_deny_of_the_requesters_own_holds_even_where_it_is_named():
    assert not assumes("sts:AssumeRole", *TRUSTED, layers=Layers(identity=DENIES))


def test_a_deny_in_the_trust_policy_wins():
    denial = {**trusting({"AWS": ACCOUNT}), "Effect": "Deny"}

    assert not assumes("sts:AssumeRole", *TRUSTED, denial)
    assert assumes("sts:AssumeRole", *TRUSTED, {**denial, "Action": "sts:TagSession"})


def test_not_principal_denies_everyone_but_those_it_names():
    spared = [BROKER, BROKER_SESSION, f"arn:aws:iam::{ACCOUNT}:root"]
    denial = {
        "Effect": "Deny",
        "NotPrincipal": {"AWS": spared},
        "Action": "sts:AssumeRole",
    }
    other = replace(BROKER_CALLS, arn=BROKER_SESSION + "2")

    assert assumes("sts:AssumeRole", *TRUSTED, denial)
    assert not assumes("sts:AssumeRole", *TRUSTED, denial, requester=other)


LAMBDA = Requester(
    arn="lambda.amazonaws.com",
    role_arn=None,
    account=ACCOUNT,
    service="lambda.amazonaws.com",
)


def test_a_service_assumes_what_trusts_it_and_has_no_policies_of_its_own():
    trusted = trusting({"Service": "lambda.amazonaws.com"})
    other = trusting({"Service": "ec2.amazonaws.com"})
    none = Layers(identity=())

    assert assumes("sts:AssumeRole", trusted, requester=LAMBDA, layers=none)
    assert not assumes("sts:AssumeRole", other, requester=LAMBDA, layers=none)
    assert not assumes("sts:AssumeRole", trusting("*"), requester=LAMBDA, layers=none)


def test_what_a_service_has_for_layers_is_not_asked():
    trusted = trusting({"Service": "lambda.amazonaws.com"})
    closed = Layers(identity=DENIES, boundary=())

    assert assumes("sts:AssumeRole", trusted, requester=LAMBDA, layers=closed)


def test_a_deny_for_everyone_reaches_services():
    trusted = trusting({"Service": "lambda.amazonaws.com"})
    denial = {**trusting("*"), "Effect": "Deny"}

    assert not assumes("sts:AssumeRole", trusted, denial, requester=LAMBDA)


def test_a_refused_assume_names_the_side_that_was_silent():
    silent = Layers(identity=SILENT)
    decision = decide_assume(
        "sts:SetSourceIdentity",
        INVOKE,
        ASKED,
        trust=a_trust(*TRUSTED, name="InvokeRole/trust"),
        requester=BROKER_CALLS,
        layers=silent,
    )

    assert decision.why == (
        "nothing allows it. identity policies: silent statement 1 does not cover"
        " sts:SetSourceIdentity."
    )


def test_a_stranger_is_told_by_the_trust_policy():
    stranger = Requester(arn="arn:x", role_arn=None, account="999999999999")

    decision = decide_assume(
        "sts:AssumeRole",
        INVOKE,
        ASKED,
        trust=a_trust(*TRUSTED, name="InvokeRole/trust"),
        requester=stranger,
        layers=BROKER_LAYERS,
    )

    assert decision.why == (
        "nothing allows it. trust policy: InvokeRole/trust statement 1 covers the"
        " action, but not this requester."
    )


def test_a_resource_that_is_no_arn_is_decided_without_trouble():
    assert not allowed(GRANTED, BOTH[0], "hello", VIA_URL)
    assert not assumes(
        "sts:AssumeRole", *TRUSTED, role="hello", layers=Layers(identity=())
    )
