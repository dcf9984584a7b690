"""One line of a Condition block, and whether it holds.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from aikagi_emulator.iam.context import Facts
from aikagi_emulator.iam.errors import PolicyError, quoted
from aikagi_emulator.iam.operators import OPERATORS, Operator
from aikagi_emulator.iam.variables import Runs, Template, arn_fields, text_of

_NAME: Final = re.compile(
    "(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?",
    re.IGNORECASE | re.ASCII,
)
_KEY: Final = re.compile("[A-Za-z0-9-]+:.+", re.DOTALL)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """An operator, a key and the values it is compared with.

    ``operator`` is None for ``Null``; ``quantifier`` is the lower-case set operator, ""
    without one.
    """

    name: str
    key: str
    operator: Operator | None
    quantifier: str
    if_exists: bool
    values: tuple[Template, ...]

    @classmethod
    def parse(cls, name: str, key: str, values: tuple[str, ...]) -> "Condition":
        """Raises ``PolicyError`` for what IAM's grammar does not have."""
        operator, quantifier, if_exists = _parse_name(name)
        if not _KEY.fullmatch(key):
            msg = f"the key {quoted(key)} has no service before it, as in aws:SourceIp"
            raise PolicyError(msg)
        if operator is None and not {value.lower() for value in values} <= _BOOLEANS:
            msg = f"Null {key} compares with true or false, not with {quoted(values)}"
            raise PolicyError(msg)
        return cls(
            name=name,
            key=key,
            operator=operator,
            quantifier=quantifier,
            if_exists=if_exists,
            values=tuple(_template(value, operator) for value in values),
        )

    def failure(self, facts: Facts) -> str | None:
        """None where the condition holds, else what was wanted and what there was."""
        given = facts.get(self.key.lower())
        if self._holds(given, facts):
            return None
        wanted = " or ".join(value.source for value in self.values) or "nothing"
        was = "absent" if given is None else given
        was_text = was if isinstance(was, str) else f"the list [{', '.join(was)}]"
        return f"{self.name} {self.key} failed: wanted {wanted}, was {was_text}"

    def _holds(self, given: str | tuple[str, ...] | None, facts: Facts) -> bool:
        if self.operator is None:
            absent = "true" if given is None else "false"
            return any(value.source.lower() == absent for value in self.values)
        if self.quantifier:
            return self._holds_for_set(given, facts, self.operator)
        if given is None:
            return self.if_exists or self.operator.negated
        # A multivalued key needs a set operator, even while it holds one value.
        return isinstance(given, str) and _holds_for(
            given, self._wanted(facts), self.operator
        )

    def _holds_for_set(
        self, given: str | tuple[str, ...] | None, facts: Facts, operator: Operator
    ) -> bool:
        values = (given,) if isinstance(given, str) else given or ()
        # No key, or nothing in it, is true of all values and of none. IfExists does
        # not change that: it is asked of each value, and there is none to ask.
        if not any(values):
            return self.quantifier == "forallvalues"
        quantified = all if self.quantifier == "forallvalues" else any
        wanted = self._wanted(facts)
        return quantified(_holds_for(value, wanted, operator) for value in values)

    def _wanted(self, facts: Facts) -> list[Runs | None]:
        return [template.resolve(facts) for template in self.values]


def _holds_for(value: str, wanted: Sequence[Runs | None], operator: Operator) -> bool:
    """Any of the policy's values, or none of them where the operator negates.

    What cannot be compared (malformed, or a variable without a value) neither
    equals nor differs: a statement that needs it does not apply.
    """
    compared = [
        None if runs is None else operator.compare(runs, value) for runs in wanted
    ]
    if operator.negated:
        return all(result is False for result in compared)
    return any(compared)


_BOOLEANS: Final = frozenset({"true", "false"})


def _parse_name(name: str) -> tuple[Operator | None, str, bool]:
    found = _NAME.fullmatch(name)
    base = found[2].lower() if found else ""
    quantifier, if_exists = (found[1], bool(found[3])) if found else (None, False)
    if base == "null" and not quantifier and not if_exists:
        return None, "", False
    if base not in OPERATORS:
        msg = f"unknown condition operator {quoted(name)}"
        raise PolicyError(msg)
    return OPERATORS[base], (quantifier or "").lower(), if_exists


def _template(value: str, operator: Operator | None) -> Template:
    if operator is None or not operator.takes_variables:
        return Template.plain(value)
    template = Template.parse(value)
    if operator.compares_arns and not template.has_variables:
        fields = arn_fields(template.resolve({}) or ())
        if fields is None or text_of(fields[0]) != "arn":
            msg = f"{quoted(value)} is no ARN: write all six parts, as in arn:*:*:*:*:*"
            raise PolicyError(msg)
    return template
