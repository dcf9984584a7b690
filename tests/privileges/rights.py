"""What to ask about a statement: what it grants, and the nearest that it does not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from aikagi_emulator.template import Stack
from tests.privileges.holders import Holder, holders_of, statements
from tests.privileges.requests import (
    ANOTHER_ACCOUNT,
    GRANTED,
    RESOURCES,
    Only,
    Row,
    about,
    assuming,
    otherwise,
)
from tests.privileges.samples import Context, fitting, instance
from tests.privileges.trusts import of_trust, trusted
from tests.template.stacks import as_list

ANOTHER_REGION: Final = "eu-central-1"
_ONLY_A_TYPE: Final = re.compile("[a-z-]*")


def granted(stack: Stack, only: Only = None) -> Iterator[Row]:
    """Yield the rows of every statement of every role, boundary and trust policy.

    ``only`` are the holders to ask about, where not all.
    """
    holders = holders_of(stack)
    for holder in holders:
        if only is not None and holder.logical_id not in only:
            continue
        yield from _of_rights(holder, holders)
        yield from _of_denials(holder, holders)
        if holder.trust is not None:
            yield from of_trust(stack, holder, holders)


def _of_rights(holder: Holder, holders: tuple[Holder, ...]) -> Iterator[Row]:
    for document in holder.own.values():
        for name, statement in statements(document):
            if statement["Effect"] != "Allow" or not _is_named(statement):
                continue
            for action in as_list(statement["Action"]):
                for pattern in as_list(statement["Resource"]):
                    yield from _of_right(
                        holder, holders, name, statement, action, pattern
                    )


def _is_named(statement: Mapping[str, Any]) -> bool:
    """Whether it says what it is about; the contract refuses what does not."""
    return "Action" in statement and "Resource" in statement


def _of_right(
    holder: Holder,
    holders: tuple[Holder, ...],
    name: str,
    statement: Mapping[str, Any],
    action: str,
    pattern: str,
) -> Iterator[Row]:
    resource = instance(pattern)
    condition = statement.get("Condition", {})
    context = {**_beneath(holder, action), **fitting(condition)}
    ask = assuming(holder.caller, action, resource, context, holders)
    if ask.trust is not None:
        ask = replace(ask, context={**trusted(ask), **context})
    row = Row(
        holder=holder.logical_id,
        statement=name,
        on=pattern,
        circumstance=GRANTED,
        ask=ask,
    )
    yield row
    for circumstance, other in _others(pattern, holder.stack).items():
        yield about(row, circumstance, replace(ask, resource=other, trust=None))
    yield from otherwise(row, condition)


def _beneath(holder: Holder, action: str) -> Context:
    """Return what the role's policies ask, where something else bounds its session."""
    context: Context = {}
    for document in holder.caller.identity.values():
        if document not in holder.own.values():
            for _, statement in statements(document):
                allows = statement["Effect"] == "Allow"
                if allows and action in as_list(statement.get("Action", [])):
                    context |= fitting(statement.get("Condition", {}))
    return context


def _of_denials(holder: Holder, holders: tuple[Holder, ...]) -> Iterator[Row]:
    """What is denied, of what the holder is granted otherwise."""
    rights = [row for row in _of_rights(holder, holders) if row.circumstance == GRANTED]
    for document in holder.own.values():
        for name, statement in statements(document):
            if statement["Effect"] != "Deny" or not _is_named(statement):
                continue
            denied = fitting(statement.get("Condition", {}))
            for action in as_list(statement["Action"]):
                for row in rights:
                    if row.ask.action.lower() == action.lower():
                        ask = replace(row.ask, context={**row.ask.context, **denied})
                        yield replace(row, statement=name, ask=ask, denies=True)


def _others(pattern: str, stack: str) -> dict[str, str]:
    """Return ARNs near those that a pattern covers, by what is other about them."""
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return {}
    named = parts[5]
    bare = named.partition("*")[0].rstrip(":/")
    own = rf"\b{re.escape(stack)}\b"
    nearby = {
        (5, f"{bare}-another{named[len(bare) :]}"): not _ONLY_A_TYPE.fullmatch(bare),
        (5, re.sub(own, "elsewhere", named)): re.search(own, named) is not None,
        (3, ANOTHER_REGION): bool(parts[3]),
        (4, ANOTHER_ACCOUNT): bool(parts[4]),
    }
    return {
        circumstance: instance(":".join([*parts[:index], value, *parts[index + 1 :]]))
        for circumstance, ((index, value), there) in zip(
            RESOURCES, nearby.items(), strict=True
        )
        if there
    }
