"""Each rule of a grant, met or not, and that it is the rule that decides."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from app.domain.catalogue import Catalogue
from app.domain.errors import ProblemError
from app.domain.explanation import Explanation, explain_grant
from app.domain.identity import User
from app.domain.session import (
    USUAL,
    DurationRule,
    GrantRefusal,
    SessionPlan,
    SessionRequest,
    choose_function,
    plan_session,
)
from tests.fakes import NOON, a_function, a_user

ALICE = a_user("alice", "everyone", "research")
BOB = a_user("bob", "everyone")
NOBODY = a_user("carol")
LAB = replace(
    a_function("lab", "research"), required_claims={"team": frozenset({"blue"})}
)
CATALOGUE = Catalogue(
    [
        a_function("hello", "everyone", longest=600),
        a_function("report", "research"),
        LAB,
    ]
)


def explain(
    user: User,
    name: str | None,
    seconds: int | None = None,
    seconds_after_login: int | None = None,
) -> Explanation:
    asked = SessionRequest(
        function_name=name, duration_seconds=seconds, default_duration=USUAL
    )
    return explain_grant(
        user,
        CATALOGUE,
        asked,
        grant_id="g-1",
        now=NOON,
        seconds_after_login=seconds_after_login,
    )


def rows(explanation: Explanation) -> list[tuple[str, bool]]:
    return [(rule.rule, rule.is_met) for rule in explanation.rules]


def test_a_grant_is_explained_by_the_groups_that_let_in_and_what_bounds_it():
    explanation = explain(ALICE, "report", 1200)

    assert rows(explanation) == [
        ("function", True),
        ("groups", True),
        ("duration", True),
    ]
    groups = explanation.rules[1]
    assert groups.detail == "in everyone, research; report is for research"
    assert explanation.rules[2].detail == (
        "1200 seconds: as asked for; between 15 and 3600 can be had"
    )
    assert explanation.plan is not None
    assert explanation.plan.groups == {"research"}


@pytest.mark.parametrize(
    ("user", "name", "seconds", "expected", "reason"),
    [
        (ALICE, "nothing", None, [("function", False)], "no-such-function"),
        (NOBODY, None, None, [("function", False)], "no-function-in-reach"),
        (ALICE, None, None, [("function", False)], "function-not-named"),
        (
            BOB,
            "report",
            None,
            [("function", True), ("groups", False)],
            "not-in-a-group",
        ),
        (
            ALICE,
            "lab",
            None,
            [("function", True), ("groups", True), ("claims", False)],
            "claim-missing",
        ),
        (
            ALICE,
            "hello",
            601,
            [("function", True), ("groups", True), ("duration", False)],
            "duration-too-long",
        ),
        (
            ALICE,
            "hello",
            14,
            [("function", True), ("groups", True), ("duration", False)],
            "duration-too-short",
        ),
    ],
)
def test_a_refusal_is_explained_by_the_first_rule_that_is_not_met(
    user: User,
    name: str | None,
    seconds: int | None,
    expected: list[tuple[str, bool]],
    reason: str,
):
    explanation = explain(user, name, seconds)

    assert rows(explanation) == expected
    assert explanation.plan is None
    assert explanation.refusal is not None
    assert explanation.refusal.reason == reason


@pytest.mark.parametrize(
    ("name", "seconds", "after_login", "rule"),
    [
        ("report", 900, None, DurationRule.REQUEST),
        ("report", None, None, DurationRule.DEFAULT),
        ("hello", None, None, DurationRule.FUNCTION),
        ("report", None, 60, DurationRule.LOGIN),
        ("report", None, 3600, DurationRule.DEFAULT),
    ],
)
def test_a_duration_says_what_it_follows_from(
    name: str, seconds: int | None, after_login: int | None, rule: DurationRule
):
    user = replace(ALICE, login_ends_at=NOON + timedelta(seconds=60))

    plan = explain(user, name, seconds, after_login).plan

    assert plan is not None
    assert plan.duration_rule is rule


def test_the_longest_of_all_is_bounded_by_role_chaining():
    plan = plan_session(
        ALICE, a_function("report", "research"), SessionRequest(), grant_id="", now=NOON
    )

    assert plan.duration_rule is DurationRule.ROLE_CHAINING


def test_a_login_that_ends_too_soon_has_a_reason_of_its_own():
    user = replace(ALICE, login_ends_at=NOON)

    explanation = explain(user, "report", None, 0)

    assert rows(explanation)[-1] == ("duration", False)
    assert explanation.refusal is not None
    assert explanation.refusal.reason == GrantRefusal.LOGIN_ENDS_TOO_SOON


@pytest.mark.parametrize(
    ("user", "name", "seconds"),
    [
        *product(
            (ALICE, BOB, NOBODY),
            (None, "hello", "report", "nothing"),
            (None, 14, 15, 600, 601, 3600, 3601),
        )
    ],
)
def test_an_explanation_decides_as_the_policy_does(
    user: User, name: str | None, seconds: int | None
):
    asked = SessionRequest(
        function_name=name, duration_seconds=seconds, default_duration=USUAL
    )
    explanation = explain(user, name, seconds)

    decided: SessionPlan | tuple[type[ProblemError], str]
    try:
        function = choose_function(user, CATALOGUE, name)
        decided = plan_session(user, function, asked, grant_id="g-1", now=NOON)
    except ProblemError as error:
        decided = (type(error), error.reason)
    refusal = explanation.refusal
    assert decided == (
        explanation.plan if refusal is None else (type(refusal), refusal.reason)
    )
    assert all(rule.is_met for rule in explanation.rules) is (refusal is None)


def test_a_required_claim_is_explained_by_what_somebody_has_and_what_will_do():
    member = replace(ALICE, attributes={"team": "blue"})

    explanation = explain(member, "lab")

    assert rows(explanation)[2] == ("claims", True)
    assert explanation.rules[2].detail == "team is blue; blue will do"
    assert explain(ALICE, "lab").rules[2].detail == "team is absent; blue will do"
