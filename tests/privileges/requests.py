"""What to ask about a statement: what it grants, and the nearest that it does not."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from aikagi_emulator.template import Stack
from tests.privileges.holders import (
    EVERYTHING,
    Caller,
    Document,
    Holder,
    holders_of,
    statements,
)
from tests.privileges.samples import (
    Context,
    conditions_of,
    differing,
    fitting,
    instance,
    without,
)
from tests.template.stacks import as_list

Only: TypeAlias = Collection[str] | None

ANOTHER_ACCOUNT: Final = "210987654321"
ANOTHER_REGION: Final = "eu-central-1"
GRANTED: Final = "as granted"
RESOURCES: Final = (
    "another",
    "another stack's",
    "another Region's",
    "another account's",
)
_SUFFIX: Final = re.compile("-[0-9A-F]{12}")
_ONLY_A_TYPE: Final = re.compile("[a-z-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question to IAM. ``trust`` is that of the role which is to be assumed."""

    caller: Caller
    action: str
    resource: str
    context: Context
    trust: Document | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A question, and where it comes from.

    ``holder`` and ``statement`` say where to look in the template; ``on`` is the
    resource as the policy names it, or the role that a trust policy guards.
    ``circumstance`` is ``GRANTED``, one of ``RESOURCES`` or a condition's key and what
    became of it. ``spared`` are the roles that are there for what is asked, and
    ``kind`` is what it is asked of, each of its kind.
    """

    holder: str
    statement: str
    on: str
    circumstance: str
    ask: Ask
    denies: bool = False
    trusts: bool = False
    spared: tuple[str, ...] = ()
    kind: str = ""

    @property
    def who(self) -> str:
        return self.ask.caller.name


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
            yield from _of_trust(stack, holder, holders)


def assuming(
    caller: Caller,
    action: str,
    resource: str,
    context: Context,
    roles: tuple[Holder, ...],
) -> Ask:
    """Return the question, with the trust of the role that it is about, if any."""
    trust = {
        role.caller.role_arn: role.trust for role in roles if role.trust is not None
    }
    about_role = action.startswith("sts:")
    return Ask(
        caller=caller,
        action=action,
        resource=resource,
        context=context,
        trust=trust.get(resource) if about_role else None,
    )


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
        ask = replace(ask, context={**_trusted(ask), **context})
    row = Row(
        holder=holder.logical_id,
        statement=name,
        on=pattern,
        circumstance=GRANTED,
        ask=ask,
    )
    yield row
    for circumstance, other in _others(pattern, holder.stack).items():
        yield _about(row, circumstance, replace(ask, resource=other, trust=None))
    yield from _otherwise(row, condition)


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


def _of_trust(stack: Stack, role: Holder, holders: tuple[Holder, ...]) -> Iterator[Row]:
    callers = callers_of(stack, role, holders)
    for name, statement in statements(role.trust or {}):
        condition = statement.get("Condition", {})
        for action in as_list(statement["Action"]):
            for caller in callers:
                row = Row(
                    holder=role.logical_id,
                    statement=name,
                    on=role.logical_id,
                    circumstance=GRANTED,
                    trusts=True,
                    ask=Ask(
                        caller=caller,
                        action=action,
                        resource=role.caller.role_arn,
                        context=fitting(condition),
                        trust=role.trust,
                    ),
                )
                yield row
                if _names(statement, caller):
                    yield from _otherwise(row, condition)


def callers_of(
    stack: Stack, role: Holder, holders: tuple[Holder, ...]
) -> tuple[Caller, ...]:
    """Return who is tried: whom the trust names, all other roles, and strangers.

    Strangers may do everything, as far as their own account has a say.
    """
    everything = {"everything": EVERYTHING}
    strangers = [
        Caller(
            name=name,
            account=account,
            role_arn=f"arn:aws:iam::{account}:role/administrator",
            identity=everything,
        )
        for name, account in (
            ("an administrator", stack.account),
            ("another account", ANOTHER_ACCOUNT),
        )
    ]
    roles = [holder.caller for holder in holders if holder.trust is not None]
    known = {caller.role_arn for caller in roles}
    elsewhere = [
        Caller(
            name=_SUFFIX.sub("", arn.rpartition("/")[2]),
            account=arn.split(":")[4],
            role_arn=arn,
            identity=everything,
        )
        for arn in dict.fromkeys(_arns(role.trust or {}))
        if ":role/" in arn and arn not in known
    ]
    services = dict.fromkeys([*_services(role.trust or {}), "ec2.amazonaws.com"])
    return (
        *roles,
        *elsewhere,
        *(
            Caller(name=service, account=stack.account, service=service)
            for service in services
        ),
        *strangers,
    )


def _arns(trust: Document) -> Iterator[str]:
    for _, statement in statements(trust):
        principal = statement.get("Principal", {})
        if isinstance(principal, Mapping):
            yield from as_list(principal.get("AWS", []))


def _services(trust: Document) -> Iterator[str]:
    for _, statement in statements(trust):
        principal = statement.get("Principal", {})
        if isinstance(principal, Mapping):
            yield from as_list(principal.get("Service", []))


def _names(statement: Mapping[str, Any], caller: Caller) -> bool:
    whole = {"Version": "2012-10-17", "Statement": [statement]}
    return caller.role_arn in _arns(whole) or caller.service in _services(whole)


def _trusted(ask: Ask) -> Context:
    """Return what the trust asks of this caller, beside what their own policy does."""
    for _, statement in statements(ask.trust or {}):
        if ask.action in as_list(statement["Action"]) and _names(statement, ask.caller):
            return fitting(statement.get("Condition", {}))
    return {}


def _otherwise(row: Row, condition: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the request without each key asked about, and with another value."""
    context = row.ask.context
    for key in conditions_of(condition):
        yield _about(
            row, f"without {key}", replace(row.ask, context=without(context, key))
        )
        other = differing(context, key, condition)
        if other is not None:
            yield _about(row, f"another {key}", replace(row.ask, context=other))


def _about(row: Row, circumstance: str, ask: Ask) -> Row:
    return replace(row, circumstance=circumstance, ask=ask)


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
