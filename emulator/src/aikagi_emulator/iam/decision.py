"""The decision: explicit deny, then what every layer allows, else no.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from aikagi_emulator.iam.context import Context, facts_of, visible_context
from aikagi_emulator.iam.document import Policy
from aikagi_emulator.iam.principals import Naming, Requester
from aikagi_emulator.iam.statement import Miss, Question, Statement

_Layer: TypeAlias = tuple[str, Sequence[Policy]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """What limits a principal. None does not limit; an empty tuple allows nothing."""

    identity: tuple[Policy, ...]
    boundary: tuple[Policy, ...] | None = None
    session: tuple[Policy, ...] | None = None

    def limits(self) -> Iterator[_Layer]:
        """The layers that can only take away, with their names."""
        if self.boundary is not None:
            yield "permissions boundary", self.boundary
        if self.session is not None:
            yield "session policies", self.session


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``why`` is for logs: it names statements and quotes what conditions compared."""

    allowed: bool
    why: str


def decide(action: str, resource: str, context: Context, layers: Layers) -> Decision:
    """Whether the holder of ``layers`` may do ``action`` to ``resource`` (an ARN)."""
    question = _question(action, resource, context)
    return _decide(question, [("identity policies", layers.identity), *layers.limits()])


def decide_assume(  # noqa: PLR0913 - both sides of the trust have a say
    action: str,
    role_arn: str,
    context: Context,
    *,
    trust: Policy,
    requester: Requester,
    layers: Layers,
) -> Decision:
    """Whether ``requester`` may do ``action`` of STS to the role that ``trust`` guards.

    ``layers`` are the requester's. A service has none: for it, trust alone decides.
    """
    question = _question(action, role_arn, context, requester)
    trusted: _Layer = ("trust policy", (trust,))
    if requester.service is not None:
        return _decide(question, [trusted])
    identity: _Layer = ("identity policies", layers.identity)
    limits = list(layers.limits())
    denied = _denied(question, [trusted, identity, *limits])
    if denied is not None:
        return denied
    needed = [] if _trust_suffices(question, trust, requester) else [identity]
    return _decide(question, [trusted, *needed, *limits])


def _question(
    action: str, resource: str, context: Context, requester: Requester | None = None
) -> Question:
    return Question(
        action=action,
        resource=resource,
        facts=facts_of(visible_context(action, context)),
        requester=requester,
    )


def _trust_suffices(question: Question, trust: Policy, requester: Requester) -> bool:
    """Whether the trust policy names the requester so that its own policies need not.

    That takes the requester's own name and the same account; a source identity must be
    allowed on both sides where a role assumes the next one:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    """
    chained = requester.role_arn is not None
    if chained and question.action.lower() == "sts:setsourceidentity":
        return False
    direct = any(
        statement.naming(requester) is Naming.DIRECT
        for statement in trust.statements
        if not statement.denies and statement.miss(question) is None
    )
    return direct and question.resource.split(":")[4:5] == [requester.account]


def _decide(question: Question, layers: Sequence[_Layer]) -> Decision:
    denied = _denied(question, layers)
    if denied is not None:
        return denied
    grants = [(layer, _applying(question, layer, denies=False)) for layer in layers]
    missing = [_nearest(question, layer) for layer, granted in grants if not granted]
    if missing:
        return Decision(allowed=False, why=f"nothing allows it. {' '.join(missing)}")
    granted = " and ".join(f"{name}: {by}" for (name, _), by in grants)
    return Decision(allowed=True, why=f"allowed by {granted}")


def _denied(question: Question, layers: Sequence[_Layer]) -> Decision | None:
    for layer in layers:
        by = _applying(question, layer, denies=True)
        if by is not None:
            return Decision(allowed=False, why=f"denied by {layer[0]}: {by}")
    return None


def _applying(question: Question, layer: _Layer, *, denies: bool) -> str | None:
    for policy, statement in _each(layer, denies=denies):
        if statement.miss(question) is None:
            return f"{policy.name} {statement.label}"
    return None


def _nearest(question: Question, layer: _Layer) -> str:
    """Which Allow of a layer came nearest to applying, and what it lacked."""
    best: tuple[Miss, str] | None = None
    for policy, statement in _each(layer, denies=False):
        miss = statement.miss(question)
        if miss and (best is None or miss.depth > best[0].depth):
            best = (miss, f"{policy.name} {statement.label}")
    if best is None:
        return f"{layer[0]}: there is no Allow in them."
    return f"{layer[0]}: {best[1]} {best[0].because}."


def _each(layer: _Layer, *, denies: bool) -> Iterator[tuple[Policy, Statement]]:
    for policy in layer[1]:
        for statement in policy.statements:
            if statement.denies == denies:
                yield policy, statement
