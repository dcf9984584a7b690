"""The facts about a request that conditions are compared with."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

Context: TypeAlias = Mapping[str, str | Sequence[str]]
"""Condition keys in any case. A text is the value of a single-valued key; a sequence
makes its key a multivalued one, however many values it holds."""

Facts: TypeAlias = Mapping[str, str | tuple[str, ...]]
"""A context as it is looked up: lower-case keys, and no key without a value."""

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
_ONLY_FOR: Final[Mapping[str, frozenset[str]]] = {
    "lambda:functionurlauthtype": frozenset({"lambda:invokefunctionurl"}),
    "lambda:invokedviafunctionurl": frozenset({"lambda:invokefunction"}),
}
_NEVER_FOR: Final[Mapping[str, frozenset[str]]] = {
    "sts:externalid": frozenset({"sts:tagsession", "sts:setsourceidentity"}),
    "sts:rolesessionname": frozenset({"sts:tagsession", "sts:setsourceidentity"}),
    "sts:sourceidentity": frozenset({"sts:tagsession"}),
    "sts:transitivetagkeys": frozenset({"sts:setsourceidentity"}),
}


def visible_context(action: str, context: Context) -> Context:
    """What of ``context`` AWS shows to the policies that decide about ``action``.

    A condition on a key that an action does not carry fails for that action, which
    is how one statement for AssumeRole and TagSession locks the tags out.
    """
    asked = action.lower()

    def is_visible(key: str) -> bool:
        allowed = asked in _ONLY_FOR.get(key, {asked})
        return allowed and asked not in _NEVER_FOR.get(key, ())

    return {key: value for key, value in context.items() if is_visible(key.lower())}


def facts_of(context: Context) -> Facts:
    """Fold the names, and drop keys without a value: to IAM they are absent."""
    return {
        key.lower(): value if isinstance(value, str) else tuple(value)
        for key, value in context.items()
        if isinstance(value, str) or value
    }
