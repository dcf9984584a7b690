"""One request to IAM, and where in a template it comes from."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from tests.privileges.holders import Caller, Document, Holder
from tests.privileges.samples import (
    Context,
    conditions_of,
    differing,
    is_optional,
    without,
)

Only: TypeAlias = Collection[str] | None

ANOTHER_ACCOUNT: Final = "210987654321"
GRANTED: Final = "as granted"
RESOURCES: Final = (
    "another",
    "another stack's",
    "another Region's",
    "another account's",
)


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
    ``kind`` is what it is asked of, each of its kind. ``optional`` says that a
    condition asks about a key only where there is one, and it is not there.
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
    optional: bool = False

    @property
    def who(self) -> str:
        return self.ask.caller.name


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


def otherwise(row: Row, condition: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the request without each key asked about, and with another value."""
    context = row.ask.context
    for key in conditions_of(condition):
        lacking = replace(row.ask, context=without(context, key))
        yield replace(
            about(row, f"without {key}", lacking), optional=is_optional(key, condition)
        )
        other = differing(context, key, condition)
        if other is not None:
            yield about(row, f"another {key}", replace(row.ask, context=other))


def about(row: Row, circumstance: str, ask: Ask) -> Row:
    return replace(row, circumstance=circumstance, ask=ask)
