"""Values that satisfy a condition, and the nearest that do not.

Made from what the policy asks for, so that a statement that is added is tried as well.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from tests.template.stacks import as_list

Value: TypeAlias = str | tuple[str, ...]
Context: TypeAlias = dict[str, Value]

_OPERATOR: Final = re.compile("(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
_VARIABLE: Final = re.compile(r"\$\{([^},]+)[^}]*\}")
_TEXTS: Final = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
_STRANGERS: Final = ("another", "another+person", "")
_STREAM: Final = re.compile(r"(:log-group:[^:*]+):\*")


class UnknownOperatorError(ValueError):
    """A condition for which nothing here knows a value."""


def instance(pattern: str) -> str:
    """Return a text that is like a pattern: of a log group, a stream in it."""
    named = _STREAM.sub(r"\1:log-stream:x", pattern)
    return _VARIABLE.sub("x", named).replace("?*", "x").replace("*", "x")


def fitting(condition: Mapping[str, Mapping[str, Any]]) -> Context:
    """Return a context in which a statement's whole Condition holds."""
    context: Context = {}
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            _fit(context, operator, key, [_text(value) for value in as_list(wanted)])
    return context


def without(context: Context, key: str) -> Context:
    return {name: value for name, value in context.items() if name != key}


def differing(
    context: Context, key: str, condition: Mapping[str, Mapping[str, Any]]
) -> Context | None:
    """Return the context with a value that ``key`` is not to have.

    To many values one more is added. None where every value will do.
    """
    wanted = [
        _text(value)
        for operator, keys in condition.items()
        if not operator.startswith("Null")
        for name, values in keys.items()
        if name == key
        for value in as_list(values)
    ]
    if not wanted:
        return None
    if set(wanted) <= {"true", "false"}:
        return {**context, key: "false" if wanted == ["true"] else "true"}
    [stranger, *_] = [
        text for text in _STRANGERS if not any(_like(text, value) for value in wanted)
    ]
    given = context.get(key)
    many = isinstance(given, tuple)
    return {**context, key: (*given, stranger) if many and given else stranger}


def conditions_of(condition: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    """Return the keys that a Condition asks about, each once."""
    return tuple(dict.fromkeys(key for keys in condition.values() for key in keys))


def _fit(context: Context, operator: str, key: str, wanted: Sequence[str]) -> None:
    found = _OPERATOR.fullmatch(operator)
    base, quantifier = (found[2], found[1]) if found else (operator, None)
    if base == "Null":
        if "false" in wanted:
            context.setdefault(key, "x")
        return
    if base not in (*_TEXTS, "Bool"):
        msg = (
            f"{operator} {key}: no value is known that satisfies it. "
            "tests/privileges/samples.py makes them."
        )
        raise UnknownOperatorError(msg)
    for value in wanted:
        for variable in _VARIABLE.findall(value):
            context.setdefault(variable, "x")
    values = tuple(map(instance, wanted))
    context[key] = values if quantifier else values[0]


def _like(text: str, pattern: str) -> bool:
    escaped = re.escape(_VARIABLE.sub("x", pattern))
    wild = escaped.replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, text, re.DOTALL) is not None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
