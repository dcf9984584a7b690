"""The template's parameters, and their own rules about values.

CloudFormation checks them as well, but not before everything is built and uploaded.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, final

import yaml

from deployment.errors import UsageError

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateParameter:
    """``rules`` is the whole declaration, as it stands in the template."""

    name: str
    rules: Mapping[str, Any]

    @property
    def default(self) -> str | None:
        """What a first deployment takes where nothing is given, if anything."""
        return _text(self.rules["Default"]) if "Default" in self.rules else None

    @property
    def description(self) -> str:
        return str(self.rules.get("Description", ""))

    @property
    def allowed(self) -> tuple[str, ...]:
        return tuple(map(_text, self.rules.get("AllowedValues", ())))

    def check(self, value: str) -> None:
        """Raise ``UsageError`` with the template's own words where it is not allowed.

        Each item of a list has to keep the rules.
        """
        is_list = self.rules.get("Type") in {"CommaDelimitedList", "List<Number>"}
        for item in value.split(",") if is_list else [value]:
            self._check_item(item.strip() if is_list else item)

    def _check_item(self, item: str) -> None:
        for rule, (holds, reason) in _RULES.items():
            if rule in self.rules and not holds(item, self.rules[rule]):
                shown = "that" if self.rules.get("NoEcho") else repr(item)
                wanted = self.rules.get("ConstraintDescription")
                why = wanted or reason.format(_shown(self.rules[rule]))
                raise UsageError(f"{self.name} cannot be {shown}: it is {why}.")


def _is_of_type(value: str, type_: str) -> bool:
    return type_ not in {"Number", "List<Number>"} or _number(value) is not None


def _number(value: str) -> Decimal | None:
    return Decimal(value) if _NUMBER.fullmatch(value) else None


def _at_least(value: str, least: object) -> bool:
    number = _number(value)
    return number is not None and number >= Decimal(_text(least))


def _at_most(value: str, most: object) -> bool:
    number = _number(value)
    return number is not None and number <= Decimal(_text(most))


_RULES: Final[Mapping[str, tuple[Callable[[str, Any], bool], str]]] = {
    "Type": (_is_of_type, "a {}"),
    "AllowedValues": (lambda value, some: value in map(_text, some), "one of {}"),
    "AllowedPattern": (
        lambda value, pattern: re.fullmatch(pattern, value) is not None,
        "of the form {}",
    ),
    "MinLength": (
        lambda value, least: len(value) >= int(least),
        "of {} characters or more",
    ),
    "MaxLength": (
        lambda value, most: len(value) <= int(most),
        "of {} characters or fewer",
    ),
    "MinValue": (_at_least, "{} or more"),
    "MaxValue": (_at_most, "{} or less"),
}
"""Whether a value holds, and what it is to be where the template does not say."""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(limit: object) -> str:
    return ", ".join(map(_text, limit)) if isinstance(limit, list) else _text(limit)


def read_parameters(template: Path) -> dict[str, TemplateParameter]:
    """Read them in the template's order. Raises ``UsageError``."""
    try:
        document = yaml.load(template.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
        declared = document.get("Parameters", {})
        return {
            name: TemplateParameter(name=name, rules=dict(rules))
            for name, rules in declared.items()
        }
    except (OSError, yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{template} cannot be read as a template: {error}") from error


@final
class _Loader(yaml.SafeLoader):
    """YAML in which CloudFormation's tags are passed over: parameters have none."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def check_values(
    parameters: Mapping[str, TemplateParameter], values: Mapping[str, str], source: str
) -> None:
    """Raise ``UsageError`` for the first that is unknown or not allowed.

    ``source`` says where they stand.
    """
    for name, value in values.items():
        if name not in parameters:
            raise UsageError(
                f"{source}: the template has no parameter {name}."
                f"{_suggestion(name, parameters)}"
            )
        try:
            parameters[name].check(value)
        except UsageError as error:
            raise UsageError(f"{source}: {error}") from None


def _suggestion(name: str, known: Iterable[str]) -> str:
    lowered = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), lowered, n=1)
    return f" Is it {lowered[found[0]]}?" if found else ""
