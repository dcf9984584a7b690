"""The condition keys that requests carry here, and policies that ask for others.

A key that is never there makes a condition fail, but one with ``IfExists``, a negated
operator or ``ForAllValues`` hold: a policy that asks for it would decide otherwise
than on AWS. It is refused by name instead.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

_KEYS: Final = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:multifactorauthpresent",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:sourceidentity",
        "aws:sourceip",
        "aws:tagkeys",
        "aws:tokenissuetime",
        "aws:userid",
        "aws:viaawsservice",
        "dynamodb:attributes",
        "dynamodb:leadingkeys",
        "lambda:functionurlauthtype",
        "lambda:invokedviafunctionurl",
        "sts:externalid",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
    }
)
_FAMILIES: Final = ("aws:principaltag/", "aws:requesttag/")

_RESOURCE_TAGS: Final = "aws:resourcetag/"
"""Functions alone show their tags to policies here; a statement may ask for them that
decides about nothing else."""

_SERVICES: Final = ("dynamodb", "lambda", "secretsmanager", "ssm", "sts")
"""Statements about anything else decide nothing here, whatever they ask."""

_OF_IAM: Final = frozenset(
    {
        "iam:createpolicyversion",
        "iam:deletepolicyversion",
        "iam:getpolicy",
        "iam:getpolicyversion",
        "iam:listpolicyversions",
    }
)
"""But for these. Others, as ``iam:PassRole``, stand in policies of many templates with
keys that no request of this stack carries."""

_VARIABLE: Final = re.compile(r"\$\{([^*?$},][^},]*)")


def unmodelled_keys(document: str | Mapping[str, Any]) -> tuple[str, ...]:
    """Keys and policy variables, as spelled, that no request of this stack carries.

    ``document`` has been parsed by ``aikagi_emulator.iam`` before: its shape is sound.
    """
    policy = json.loads(document) if isinstance(document, str) else document
    listed = policy["Statement"]
    statements = listed if isinstance(listed, list) else [listed]
    return tuple(
        dict.fromkeys(
            key
            for statement in statements
            for key in _asked(statement)
            if not _is_modelled(key, _services(statement))
        )
    )


def _services(statement: Mapping[str, Any]) -> frozenset[str]:
    """Which of ``_SERVICES`` a statement decides about; none, if about others."""
    listed = statement.get("Action", "*")
    actions = [listed] if isinstance(listed, str) else listed
    patterns = [action.lower() for action in actions]
    found = {
        service
        for pattern in patterns
        for service in _SERVICES
        if fnmatchcase(service, pattern.partition(":")[0])
    }
    if any(fnmatchcase(action, pattern) for pattern in patterns for action in _OF_IAM):
        found.add("iam")
    return frozenset(found)


def _asked(statement: Mapping[str, Any]) -> Iterator[str]:
    for keys in statement.get("Condition", {}).values():
        yield from keys
    yield from _VARIABLE.findall(json.dumps(statement))


def _is_modelled(key: str, services: frozenset[str]) -> bool:
    folded = key.strip().lower()
    if not services or folded in _KEYS or folded.startswith(_FAMILIES):
        return True
    return folded.startswith(_RESOURCE_TAGS) and services == {"lambda"}
