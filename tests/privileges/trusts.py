"""What to ask about a trust policy: whom it lets in, and whom it does not."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aikagi_emulator.template import Stack
from tests.privileges.holders import EVERYTHING, Caller, Document, Holder, statements
from tests.privileges.requests import ANOTHER_ACCOUNT, GRANTED, Ask, Row, otherwise
from tests.privileges.samples import Context, fitting
from tests.template.stacks import as_list

_SUFFIX: Final = re.compile("-[0-9A-F]{12}")


def of_trust(stack: Stack, role: Holder, holders: tuple[Holder, ...]) -> Iterator[Row]:
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
                    yield from otherwise(row, condition)


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


def trusted(ask: Ask) -> Context:
    """Return what the trust asks of this caller, beside what their own policy does."""
    for _, statement in statements(ask.trust or {}):
        if ask.action in as_list(statement["Action"]) and _names(statement, ask.caller):
            return fitting(statement.get("Condition", {}))
    return {}
