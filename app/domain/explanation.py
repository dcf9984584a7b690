"""Explain a grant to an operator, or to whoever would get it: each rule, met or not.

Pure, and no second policy: every rule is that of ``app.domain.session``, which decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.domain.catalogue import Catalogue, Function
from app.domain.errors import ProblemError
from app.domain.identity import User
from app.domain.session import (
    ACCESS_RULES,
    SHORTEST,
    DurationRule,
    SessionPlan,
    SessionRequest,
    choose_function,
    plan_session,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """A rule, whether it is met, and what was compared."""

    rule: str
    is_met: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What would be granted, or ``refusal``: what would be raised instead of it.

    ``rules`` are in the order in which they decide, up to the first one without which
    the others cannot be looked at.
    """

    rules: tuple[RuleResult, ...]
    plan: SessionPlan | None
    refusal: ProblemError | None


def explain_grant(  # noqa: PLR0913 - the decision is made of all these, and of no others
    user: User,
    catalogue: Catalogue,
    asked: SessionRequest,
    *,
    grant_id: str,
    now: datetime,
    seconds_after_login: int | None = None,
) -> Explanation:
    """Decide what a grant would be, and say by which rules. Raises nothing."""
    plan, refusal = None, None
    try:
        plan = plan_session(
            user,
            choose_function(user, catalogue, asked.function_name),
            asked,
            grant_id=grant_id,
            now=now,
            seconds_after_login=seconds_after_login,
        )
    except ProblemError as error:
        refusal = error
    return Explanation(
        rules=tuple(_rules(user, catalogue, asked, plan, refusal)),
        plan=plan,
        refusal=refusal,
    )


def _rules(
    user: User,
    catalogue: Catalogue,
    asked: SessionRequest,
    plan: SessionPlan | None,
    refusal: ProblemError | None,
) -> Iterator[RuleResult]:
    function = plan.function if plan else _named(catalogue, asked.function_name)
    if function is None:
        yield RuleResult(rule="function", is_met=False, detail=_reason(refusal))
        return
    yield RuleResult(rule="function", is_met=True, detail=function.name)
    is_allowed = True
    for rule in ACCESS_RULES:
        is_met = rule.is_met(user, function)
        is_allowed &= is_met
        detail = rule.describe(user, function)
        if detail:
            yield RuleResult(rule=rule.name, is_met=is_met, detail=detail)
    if plan is not None:
        yield RuleResult(rule="duration", is_met=True, detail=_duration(plan))
    elif is_allowed:
        detail = str(refusal) or _reason(refusal)
        yield RuleResult(rule="duration", is_met=False, detail=detail)


def _named(catalogue: Catalogue, name: str | None) -> Function | None:
    return None if name is None else catalogue.find(name)


def _reason(refusal: ProblemError | None) -> str:
    return refusal.reason if refusal is not None else ""


def _duration(plan: SessionPlan) -> str:
    seconds, longest = plan.duration, plan.longest
    why = _WHY[plan.duration_rule]
    return (
        f"{int(seconds.total_seconds())} seconds: {why}; between "
        f"{int(SHORTEST.total_seconds())} and {int(longest.total_seconds())} can be had"
    )


_WHY = {
    DurationRule.REQUEST: "as asked for",
    DurationRule.DEFAULT: "nothing was asked for",
    DurationRule.FUNCTION: "the longest that the function's entry allows",
    DurationRule.ROLE_CHAINING: "the longest that AWS allows a session of a session",
    DurationRule.LOGIN: "the login ends",
}
