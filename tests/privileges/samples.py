"""Values that satisfy a condition, and the nearest that do not.

Made from what the policy asks for, so that a statement that is added is tried as well.
"""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Final, TypeAlias

from tests.template.stacks import as_list

Value: TypeAlias = str | tuple[str, ...]
Context: TypeAlias = dict[str, Value]

_OPERATOR: Final = re.compile("(?:(?:ForAll|ForAny)Values?:)?([A-Za-z]+?)(?:IfExists)?")
_VARIABLE: Final = re.compile(r"\$\{([^},]+)[^}]*\}")
_TEXTS: Final = ("String", "StringLike", "Arn", "ArnLike", "Bool")
_ORDERS: Final = {
    "DateGreaterThan": ("2100-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
    "DateLessThan": ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
    "NumericGreaterThan": ("1000000000", "0"),
    "NumericLessThan": ("0", "1000000000"),
}
"""Of each what is beyond every bound that somebody would write, and what is not."""

_STRANGE_ADDRESSES: Final = ("192.0.2.77", "198.51.100.77", "203.0.113.77")
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
    for operator, keys in condition.items():
        base = _base(operator)
        if key in keys and base in _ORDERS:
            return {**context, key: _ORDERS[base][1]}
        if key in keys and base == "IpAddress":
            return {**context, key: _outside(wanted)}
    if set(wanted) <= {"true", "false"}:
        return {**context, key: "false" if wanted == ["true"] else "true"}
    stranger = next(
        (
            text
            for text in _STRANGERS
            if not any(_like(text, value) for value in wanted)
        ),
        None,
    )
    if stranger is None:
        return None
    given = context.get(key)
    many = isinstance(given, tuple)
    return {**context, key: (*given, stranger) if many and given else stranger}


def is_optional(key: str, condition: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a Condition asks about a key only where a request has it."""
    return all(
        operator.endswith("IfExists")
        for operator, keys in condition.items()
        if key in keys
    )


def conditions_of(condition: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    """Return the keys that a Condition asks about, each once."""
    return tuple(dict.fromkeys(key for keys in condition.values() for key in keys))


def _fit(context: Context, operator: str, key: str, wanted: Sequence[str]) -> None:
    base, several = _base(operator), operator.startswith("For")
    if base == "Null":
        if "false" in wanted:
            context.setdefault(key, "x")
        return
    if base in _ORDERS:
        context[key] = _ORDERS[base][0]
        return
    if base == "IpAddress":
        context[key] = str(ip_network(wanted[0])[0])
        return
    if base not in _TEXTS:
        msg = (
            f"{operator} {key}: no value is known that satisfies it. "
            "tests/privileges/samples.py makes them."
        )
        raise UnknownOperatorError(msg)
    for value in wanted:
        for variable in _VARIABLE.findall(value):
            context.setdefault(variable, "x")
    values = tuple(map(instance, wanted))
    context[key] = values if several else values[0]


def _base(operator: str) -> str:
    """Return what an operator compares: ``DateLessThan`` of one with ``IfExists``."""
    found = _OPERATOR.fullmatch(operator)
    return found[1].removesuffix("Equals") if found else operator


def _outside(networks: Sequence[str]) -> str:
    """Return an address that is in none of the networks."""
    return next(
        address
        for address in _STRANGE_ADDRESSES
        if not any(ip_address(address) in ip_network(network) for network in networks)
    )


def _like(text: str, pattern: str) -> bool:
    escaped = re.escape(_VARIABLE.sub("x", pattern))
    wild = escaped.replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, text, re.DOTALL) is not None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
