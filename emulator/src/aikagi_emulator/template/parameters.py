"""The template's parameters: what was given, or their defaults, typed and checked."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from aikagi_emulator.template.scalars import as_text
from aikagi_emulator.template.stack import TemplateError

_TYPES: Final = ("String", "Number", "CommaDelimitedList")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_SILENT: Final = {"Default", "Description", "ConstraintDescription", "NoEcho"}


def values(
    declared: Mapping[str, Any], given: Mapping[str, str]
) -> dict[str, str | list[str]]:
    """Return a value for each declared parameter, a list for a CommaDelimitedList.

    Raises ``TemplateError`` for a value that is missing, not allowed or not declared,
    and for a type of parameter that only an account could look up.
    """
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none at all"
            msg = f"The template has no parameter {name}; it has {known}"
            raise TemplateError(msg)
    return {
        name: _value(name, rules, given.get(name)) for name, rules in declared.items()
    }


def _value(name: str, rules: Mapping[str, Any], given: str | None) -> str | list[str]:
    kind = rules.get("Type")
    if kind not in _TYPES:
        msg = (
            f"Parameter {name} is of the type {kind}, "
            f"which the emulator does not model; it models {', '.join(_TYPES)}"
        )
        raise TemplateError(msg)
    if given is None and "Default" not in rules:
        msg = (
            f"Parameter {name} has no default, and no value was given: "
            f"--parameter {name}=value gives one"
        )
        raise TemplateError(msg)
    text = as_text(rules["Default"]) if given is None else given
    items = [part.strip() for part in text.split(",")]
    for item in items if kind == "CommaDelimitedList" else [text]:
        _check(name, item, rules)
    return items if kind == "CommaDelimitedList" else text


def _check(name: str, value: str, rules: Mapping[str, Any]) -> None:
    # The type first: the other rules rely on it.
    for rule in sorted(rules.keys() - _SILENT, key="Type".__ne__):
        if rule not in _RULES:
            msg = f"Parameter {name} has {rule}, which the emulator does not model"
            raise TemplateError(msg)
        holds, reason = _RULES[rule]
        limit = rules[rule]
        if not holds(value, limit):
            wanted = rules.get("ConstraintDescription")
            shown = "that" if rules.get("NoEcho") else repr(value)
            msg = f"Parameter {name} cannot be {shown}: {reason.format(limit)}"
            raise TemplateError(f"{msg} ({wanted})" if wanted else msg)


def _is_a(value: str, kind: str) -> bool:
    return kind != "Number" or _NUMBER.fullmatch(value) is not None


def _matches(value: str, pattern: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error as error:
        msg = f"The AllowedPattern {pattern} is not a pattern: {error}"
        raise TemplateError(msg) from error


_RULES: Final[Mapping[str, tuple[Callable[[str, Any], bool], str]]] = {
    "Type": (_is_a, "it is a {}"),
    "AllowedValues": (
        lambda value, allowed: value in map(as_text, allowed),
        "allowed are {}",
    ),
    "AllowedPattern": (_matches, "it does not match {}"),
    "MinLength": (lambda value, least: len(value) >= int(least), "shorter than {}"),
    "MaxLength": (lambda value, most: len(value) <= int(most), "longer than {}"),
    "MinValue": (lambda value, least: Decimal(value) >= Decimal(least), "under {}"),
    "MaxValue": (lambda value, most: Decimal(value) <= Decimal(most), "over {}"),
}
