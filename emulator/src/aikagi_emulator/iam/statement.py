"""One statement of a policy, and how far a request fits it."""

from dataclasses import dataclass
from typing import final

from aikagi_emulator.iam.conditions import Condition
from aikagi_emulator.iam.context import Facts
from aikagi_emulator.iam.principals import Naming, Principals, Requester
from aikagi_emulator.iam.variables import Runs, Template, matches


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May ``action`` be done to ``resource``? Only trust policies ask ``requester``."""

    action: str
    resource: str
    facts: Facts
    requester: Requester | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Why a statement does not apply; a higher ``depth`` came nearer to applying."""

    depth: int
    because: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """Patterns in lower case: actions are compared without regard to it."""

    patterns: tuple[Runs, ...]
    negated: bool

    def cover(self, action: str) -> bool:
        asked = action.lower()
        return any(matches(pattern, asked) for pattern in self.patterns) != self.negated


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    patterns: tuple[Template, ...]
    negated: bool

    def cover(self, resource: str, facts: Facts) -> bool:
        """A pattern whose variable has no value neither covers nor spares."""
        resolved = [pattern.resolve(facts) for pattern in self.patterns]
        if self.negated:
            return all(
                runs is not None and not matches(runs, resource) for runs in resolved
            )
        return any(runs is not None and matches(runs, resource) for runs in resolved)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """``resources`` is None in a trust policy, ``principals`` in all others.

    ``spares`` says that the principals came as NotPrincipal.
    """

    number: int
    sid: str
    denies: bool
    actions: Actions
    resources: Resources | None
    principals: Principals | None
    spares: bool
    conditions: tuple[Condition, ...]

    @property
    def label(self) -> str:
        return f"statement {self.number}" + (f" ({self.sid})" if self.sid else "")

    def miss(self, question: Question) -> Miss | None:
        """None where the statement applies."""
        if not self.actions.cover(question.action):
            return Miss(depth=0, because=f"does not cover {question.action}")
        if not self._names(question.requester):
            return Miss(depth=1, because="covers the action, but not this requester")
        if not self._covers(question.resource, question.facts):
            because = f"covers the action, but not {question.resource}"
            return Miss(depth=2, because=because)
        failures = [condition.failure(question.facts) for condition in self.conditions]
        failed = "; ".join(failure for failure in failures if failure)
        if failed:
            return Miss(depth=3, because=f"covers action and resource, but {failed}")
        return None

    def naming(self, requester: Requester) -> Naming:
        return self.principals.naming(requester) if self.principals else Naming.NOT

    def _names(self, requester: Requester | None) -> bool:
        if self.principals is None:
            return True
        if requester is None:
            return False
        if self.spares:
            return not self.principals.exempt(requester)
        # A Deny for everyone reaches AWS's services; an Allow never invites them.
        reached = self.denies and self.principals.everyone
        return reached or self.principals.naming(requester) is not Naming.NOT

    def _covers(self, resource: str, facts: Facts) -> bool:
        return self.resources is None or self.resources.cover(resource, facts)
