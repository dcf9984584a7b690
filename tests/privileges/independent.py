"""What iam-simulate decides about requests: IAM as other people read it.

It knows from AWS's service authorization reference which actions there are, which
resources each is about and which condition keys each carries, and passes over the rest.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.node import NODE, node_packages, with_node
from tests.privileges.holders import Caller
from tests.privileges.requests import Ask

NAME: Final = "privileges"
_PROGRAM: Final = Path(__file__).parent / "node" / "evaluate.mjs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``refused`` is why it would not judge the question, if so.

    ``ignored`` are the condition keys that the action does not carry on AWS.
    """

    allowed: bool
    refused: str
    ignored: tuple[str, ...]


def independent_verdicts(asked: Sequence[Ask]) -> list[Verdict]:
    finished = subprocess.run(
        [NODE, str(_PROGRAM)],
        check=True,
        cwd=node_packages(NAME),
        env=with_node(),
        input=json.dumps([_simulation(ask) for ask in asked]),
        stdout=subprocess.PIPE,
        text=True,
    )
    return [_verdict(found) for found in json.loads(finished.stdout)]


def _verdict(found: Mapping[str, Any]) -> Verdict:
    return Verdict(
        allowed=found.get("result") == "Allowed",
        refused=found.get("refused", ""),
        ignored=tuple(found.get("ignored", ())),
    )


def _simulation(ask: Ask) -> dict[str, Any]:
    account = ask.resource.split(":")[4] or ask.caller.account
    return {
        "request": {
            "principal": ask.caller.arn,
            "action": ask.action,
            "resource": {"resource": ask.resource, "accountId": account},
            "contextVariables": {
                key: list(value) if isinstance(value, tuple) else value
                for key, value in ask.context.items()
            },
        },
        "identityPolicies": _named(ask.caller.identity),
        "permissionBoundaryPolicies": _bounds(ask.caller),
        "sessionPolicy": ask.caller.session,
        "resourcePolicy": ask.trust,
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }


def _bounds(caller: Caller) -> list[dict[str, Any]] | None:
    bounds = caller.boundary
    return None if bounds is None else _named({"boundary": bounds})


def _named(policies: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "policy": policy} for name, policy in policies.items()]
