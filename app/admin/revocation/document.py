"""The policy document that refuses what is revoked.

An explicit Deny wins over everything that is allowed, for sessions issued long before:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.admin.revocation.entries import Entries

LONGEST: Final = 6144
"""Characters, without white space, of a managed policy:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

_ACTIONS: Final = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
_ISSUED: Final = "aws:PrincipalTag/issued"
_GRANT: Final = "aws:PrincipalTag/grant"


def document_of(entries: Entries) -> str:
    """Write a policy of nothing but ``entries``, in one order, without white space.

    People with one cut-off share a statement. Where nothing is revoked it denies a
    source identity that no session has: it is the template's own document.
    """
    statements = [_deny(condition) for condition in _conditions(entries)]
    document = {"Version": "2012-10-17", "Statement": statements or [_NOBODY]}
    return json.dumps(document, separators=(",", ":"))


def fits(entries: Entries) -> bool:
    return len(document_of(entries)) <= LONGEST


def _deny(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "Effect": "Deny",
        "Action": list(_ACTIONS),
        "Resource": "*",
        "Condition": condition,
    }


_NOBODY: Final = {
    "Sid": "Nobody",
    **_deny({"StringEquals": {"aws:SourceIdentity": "nobody"}}),
}


def _conditions(entries: Entries) -> Iterator[Mapping[str, Any]]:
    """Write the cut-off for all, and what it does not cover."""
    if entries.everyone:
        yield {"NumericLessThan": {_ISSUED: str(entries.everyone)}}
    by_cut_off: dict[int, list[str]] = defaultdict(list)
    for who, cut_off in entries.people.items():
        if cut_off > entries.everyone:
            by_cut_off[cut_off].append(who.session_name)
    for cut_off, names in sorted(by_cut_off.items()):
        yield {
            "StringEquals": {"aws:SourceIdentity": sorted(names)},
            "NumericLessThan": {_ISSUED: str(cut_off)},
        }
    later = {grant for grant, at in entries.grants.items() if at > entries.everyone}
    grants = sorted({*later, *entries.proofs})
    if grants:
        yield {"StringEquals": {_GRANT: grants}}
