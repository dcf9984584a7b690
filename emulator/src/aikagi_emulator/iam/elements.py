"""The elements of a statement, each with its own grammar.

Everything here raises ``PolicyError`` with the element's name in front.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from aikagi_emulator.iam.conditions import Condition
from aikagi_emulator.iam.errors import PolicyError, naming, quoted
from aikagi_emulator.iam.principals import Principals
from aikagi_emulator.iam.statement import Actions, Resources
from aikagi_emulator.iam.variables import Template, arn_fields, text_of

STATEMENT: Final = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)

_SID: Final = re.compile("[0-9A-Za-z]*")
_ACTION: Final = re.compile("[*]|(?:[*]|[A-Za-z0-9-]+):[A-Za-z0-9*?_-]+")


def members(value: object, *, allowed: Sequence[str]) -> Mapping[str, Any]:
    """``value`` as an object that has none but the ``allowed`` members."""
    if not isinstance(value, Mapping):
        msg = f"an object is wanted, not {quoted(value)}"
        raise PolicyError(msg)
    for name in value:
        if name not in allowed:
            msg = f"unknown element {quoted(name)}"
            raise PolicyError(msg)
    return value


def sid(body: Mapping[str, Any]) -> str:
    value = body.get("Sid", "")
    if not isinstance(value, str) or not _SID.fullmatch(value):
        msg = f"Sid: {quoted(value)} is more than letters and digits"
        raise PolicyError(msg)
    return value


def denies(body: Mapping[str, Any]) -> bool:
    effect = body.get("Effect")
    if effect not in ("Allow", "Deny"):
        msg = f"Effect: {quoted(effect)} is neither 'Allow' nor 'Deny'"
        raise PolicyError(msg)
    return bool(effect == "Deny")


def actions(body: Mapping[str, Any], *, trust: bool) -> Actions:
    name, patterns = _one_of(body, "Action", "NotAction")
    for pattern in patterns:
        if not _ACTION.fullmatch(pattern):
            msg = f"{name}: {quoted(pattern)} has not the form service:Action"
            raise PolicyError(msg)
        if trust and not pattern.lower().startswith("sts:"):
            msg = f"{name}: {quoted(pattern)} is not of sts, as a trust policy's are"
            raise PolicyError(msg)
    return Actions(
        patterns=tuple(((pattern.lower(), False),) for pattern in patterns),
        negated=name == "NotAction",
    )


def resources(body: Mapping[str, Any], *, trust: bool) -> Resources | None:
    if trust:
        _refuse(body, "Resource", "NotResource", "a trust policy is about its own role")
        return None
    name, patterns = _one_of(body, "Resource", "NotResource")
    return Resources(
        patterns=tuple(_resource(name, pattern) for pattern in patterns),
        negated=name == "NotResource",
    )


def principals(
    body: Mapping[str, Any], *, trust: bool
) -> tuple[Principals | None, bool]:
    """The principals, and whether they are the ones to be spared."""
    if not trust:
        _refuse(body, "Principal", "NotPrincipal", "the policy is its holder's own")
        return None, False
    name = _name_of(body, "Principal", "NotPrincipal")
    if name == "NotPrincipal" and not denies(body):
        msg = "NotPrincipal: with Allow it would trust everybody else; use Principal"
        raise PolicyError(msg)
    with naming(name):
        return Principals.parse(body[name]), name == "NotPrincipal"


def conditions(body: Mapping[str, Any]) -> tuple[Condition, ...]:
    block = body.get("Condition", {})
    with naming("Condition"):
        return tuple(
            Condition.parse(_text(operator), _text(key), _values(key, value))
            for operator, lines in _object(block).items()
            for key, value in _object(lines).items()
        )


def _resource(name: str, text: str) -> Template:
    with naming(name):
        template = Template.parse(text)
    # Stand-ins show the shape: a variable's own value may hold more parts.
    fields = arn_fields(
        tuple(
            part if isinstance(part, tuple) else ("x", True) for part in template.parts
        )
    )
    if text == "*":
        return template
    if fields is None or text_of(fields[0]) != "arn":
        msg = f'{name}: {quoted(text)} is neither "*" nor an ARN with all its six parts'
        raise PolicyError(msg)
    if any(sign in text_of(fields[2]) for sign in "*?"):
        msg = (
            f"{name}: {quoted(text)} has a wildcard for the service, which IAM forbids"
        )
        raise PolicyError(msg)
    return template


def _one_of(body: Mapping[str, Any], *names: str) -> tuple[str, Sequence[str]]:
    name = _name_of(body, *names)
    value = body[name]
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not texts:
        msg = f"{name}: a text or a list of texts is wanted, not {quoted(value)}"
        raise PolicyError(msg)
    with naming(name):
        return name, [_text(text) for text in texts]


def _name_of(body: Mapping[str, Any], *names: str) -> str:
    present = [name for name in names if name in body]
    if len(present) != 1:
        msg = f"exactly one of {' and '.join(names)} is needed"
        raise PolicyError(msg)
    return present[0]


def _refuse(body: Mapping[str, Any], first: str, second: str, why: str) -> None:
    for name in (first, second):
        if name in body:
            msg = f"{name}: it does not belong here, {why}"
            raise PolicyError(msg)


def _object(value: object) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        msg = f"an object is wanted, not {quoted(value)}"
        raise PolicyError(msg)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"{quoted(value)} is not a text"
        raise PolicyError(msg)
    return value


def _values(key: object, value: object) -> tuple[str, ...]:
    """One value or a list of them; numbers and booleans may stand bare."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(_value(key, value) for value in values)


def _value(key: object, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float | Decimal):
        return str(value)
    msg = f"the value {quoted(value)} of {quoted(key)} is no text, number or boolean"
    raise PolicyError(msg)
