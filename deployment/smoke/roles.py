"""Checks: the roles as AWS has them, tried with sessions of the proof's own.

``RevocationRole`` may assume the invoke role under one name that is nobody's
(``app.admin.revocation.proof``), with the tags that the broker gives.
"""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, final

from botocore.exceptions import ClientError

from aikagi.grant import Grant
from aikagi.refusals import Refusal, classify_refusal
from app.admin.revocation.proof import ISSUER, SESSION_NAME, USER
from deployment.smoke.account import Account
from deployment.smoke.checks import SmokeCheck
from deployment.smoke.deployment import Deployment, json_of
from deployment.smoke.outcomes import (
    NotHeldError,
    NotTriedError,
    code_of,
    is_denied,
    require_denied,
)

_TAGS: Final = ("issuer", "user", "function", "issued", "grant")
_SHORTEST_SESSION: Final = 900
_LONGEST_SESSION: Final = 3600
_LONGEST_TRUST: Final = 2048
"""Characters of a trust policy without white space (IAM and STS quotas)."""
_ACTIONS: Final = frozenset({"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _ProofSession:
    """``packed`` is in percent of what STS has room for."""

    grant: Grant = field(repr=False)
    packed: int


def _stack(deployed: Deployment) -> str:
    status = deployed.account.status
    if not status.endswith("_COMPLETE"):
        raise NotHeldError(f"CloudFormation says {status}")
    return f"CloudFormation says {status}"


def _operator_assumes(deployed: Deployment) -> str:
    account = deployed.account
    named = {account.output("BrokerRoleArn"), account.output("RevocationRoleArn")}
    if others := _trusted(account) - named:
        raise NotHeldError(f"InvokeRole trusts {', '.join(sorted(others))} as well")
    client = account.client("sts")
    session = _asked(deployed.function, role_arn=account.output("InvokeRoleArn"))
    invoke = require_denied(
        lambda: client.assume_role(**session), "an operator's session of InvokeRole"
    )
    require_denied(
        lambda: client.assume_role(
            RoleArn=account.output("BrokerRoleArn"), RoleSessionName="smoke"
        ),
        "an operator's session of BrokerRole",
    )
    return f"two roles; others are {invoke}"


def _operator_calls(deployed: Deployment) -> str:
    """Call as somebody whose session the broker has not named."""
    deployed.calling_grant()
    entry = deployed.entry
    headers = deployed.account.signed_headers(entry.func_url, entry.region)
    answer = deployed.send("GET", entry.func_url, headers)
    if answer.status_code == HTTPStatus.FORBIDDEN:
        return "an operator is refused"
    try:
        caller = json_of(answer).get("caller")
    except (ValueError, AttributeError):
        raise NotTriedError(f"{deployed.function} does not say who calls") from None
    if caller is not None:
        raise NotHeldError(f"{deployed.function} takes an operator for {caller}")
    return "an operator is let in, and is nobody"


def _proof_session(deployed: Deployment) -> str:
    deployed.calling_grant()
    session = _assume(deployed, policy=json.dumps(deployed.policy))
    answer = deployed.call(session.grant)
    kind = classify_refusal(answer.status_code, answer.headers, answer.text)
    if kind is not Refusal.NONE:
        raise NotHeldError(f"its call is refused: {kind.detail}")
    return f"{SESSION_NAME} calls {deployed.function}"


def _packed_size(deployed: Deployment) -> str:
    session = _assume(deployed, policy=json.dumps(deployed.policy))
    if session.packed >= 100:  # noqa: PLR2004 - percent
        raise NotHeldError(f"STS has {session.packed} % of its room taken")
    return f"{session.packed} % of STS's room, without claims"


def _tags(deployed: Deployment) -> str:
    for tag in _TAGS:
        _require_no_session(deployed, f"a session without the tag {tag}", leave_out=tag)
    _require_no_session(deployed, "a session with a tag more", more={"admin": "true"})
    return "none may be left out, and none added"


def _names(deployed: Deployment) -> str:
    _require_no_session(deployed, "a session of another name", name="local+smoke")
    _require_no_session(deployed, "a session without source identity", source=None)
    _require_no_session(deployed, "another source identity", source="local+smoke")
    return f"{SESSION_NAME}, and no other"


def _own_function_alone(deployed: Deployment) -> str:
    deployed.calling_grant()
    session = _assume(deployed, policy=None)
    answer = deployed.call(session.grant, url=deployed.another_url)
    kind = classify_refusal(answer.status_code, answer.headers, answer.text)
    if kind is not Refusal.PERMISSION:
        raise NotHeldError(f"another function's URL answers {answer.status_code}")
    return f"{deployed.function} for its tag, and no other"


def _url_alone(deployed: Deployment) -> str:
    session = _assume(deployed, policy=None)
    client = deployed.aws_of(session.grant, "lambda")
    arn = deployed.function_arn
    return require_denied(
        lambda: client.invoke(FunctionName=arn, InvocationType="DryRun"),
        f"Invoke of {deployed.function} by the role's own policies",
    )


def _boundary(deployed: Deployment) -> str:
    account = deployed.account
    bound = _role(account).get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    if bound is None:
        raise NotHeldError("InvokeRole has no permissions boundary")
    allowed = _actions_of(account, str(bound))
    if not allowed <= _ACTIONS:
        raise NotHeldError(f"its boundary allows {', '.join(sorted(allowed))}")
    return "it allows the two actions of a URL's call"


def _revocation_attached(deployed: Deployment) -> str:
    account = deployed.account
    policy = account.output("RevocationPolicyArn")
    pages = (
        account.client("iam")
        .get_paginator("list_attached_role_policies")
        .paginate(RoleName=_role_name(account))
    )
    attached = [p["PolicyArn"] for page in pages for p in page["AttachedPolicies"]]
    if policy not in attached:
        raise NotHeldError("InvokeRole does not have RevocationPolicy")
    if others := set(attached) - {policy}:
        raise NotHeldError(f"InvokeRole has {', '.join(sorted(others))} as well")
    return "InvokeRole has RevocationPolicy, and no other"


def _longest_session(deployed: Deployment) -> str:
    seconds = int(_role(deployed.account)["MaxSessionDuration"])
    if seconds != _LONGEST_SESSION:
        raise NotHeldError(f"InvokeRole's sessions may last {seconds} s")
    return f"{seconds} s"


def _trust_length(deployed: Deployment) -> str:
    # botocore has parsed it.
    trust = _role(deployed.account)["AssumeRolePolicyDocument"]
    length = len(json.dumps(trust, separators=(",", ":")))
    return f"{length:,} of {_LONGEST_TRUST:,} characters"


ROLE_CHECKS: Final = (
    SmokeCheck(
        name="stack",
        assumed="CloudFormation has finished with the stack.",
        otherwise="Wait, or read the stack's events for what failed.",
        run=_stack,
    ),
    SmokeCheck(
        name="trust",
        assumed="Nobody but the broker makes sessions of the invoke role, an "
        "administrator neither.",
        otherwise="Whoever may assume InvokeRole chooses who they are: its trust names "
        "BrokerRole and RevocationRole, and never the account.",
        run=_operator_assumes,
    ),
    SmokeCheck(
        name="another-principal",
        assumed="A function believes nobody whose session the broker has not named.",
        otherwise="Whoever may invoke it can be anybody: its variable "
        "AIKAGI_INVOKE_ROLE_ARN names another role, or its code reads userArn itself.",
        run=_operator_calls,
    ),
    SmokeCheck(
        name="proof-session",
        assumed="A proof's session is made and evaluated as the broker's are, and STS "
        "takes the = in its name.",
        otherwise="`python -m app.admin revoke` cannot prove what it did: use "
        "--no-proof, and compare ProofMayAssume in InvokeRole's trust.",
        run=_proof_session,
        settles=("proof-session", "trust-condition-keys"),
    ),
    SmokeCheck(
        name="packed-size",
        assumed="Session policy and tags fit into what STS has room for.",
        otherwise="Take tags out of claims away: no grant is given above 100 %.",
        run=_packed_size,
        settles=("packed-size",),
    ),
    SmokeCheck(
        name="session-tags",
        assumed="STS makes no session without each of the broker's tags, and none with "
        "another.",
        otherwise="Revocation finds sessions by their tags: compare BothMayTag in "
        "InvokeRole's trust with the template's.",
        run=_tags,
        settles=("trust-condition-keys",),
    ),
    SmokeCheck(
        name="session-names",
        assumed="The proof's role makes sessions of its one name alone, with that as "
        "source identity.",
        otherwise="Whoever ends access could be anybody: compare ProofMayAssume in "
        "InvokeRole's trust with the template's.",
        run=_names,
        settles=("trust-condition-keys",),
    ),
    SmokeCheck(
        name="role-own-function",
        assumed="The invoke role's own policy lets a session call the function of its "
        "tag, and no other.",
        otherwise="Compare InvokePolicy and InvokeBoundary with the template's: both "
        "ask for aws:ResourceTag/aikagi:function.",
        run=_own_function_alone,
        settles=("resource-tags",),
    ),
    SmokeCheck(
        name="role-url-only",
        assumed="The invoke role's own policy lets nobody use the Invoke API.",
        otherwise="Compare InvokePolicy with the template's: its second statement asks "
        "for lambda:InvokedViaFunctionUrl.",
        run=_url_alone,
        settles=("invoked-via-url",),
    ),
    SmokeCheck(
        name="boundary",
        assumed="A permissions boundary bounds the invoke role.",
        otherwise="Whoever may write RevocationPolicy could make it allow more: put "
        "InvokeBoundary back, by another deployment.",
        run=_boundary,
    ),
    SmokeCheck(
        name="revocation-policy",
        assumed="The invoke role has the policy that ends access.",
        otherwise="Revoking ends no session: put it back, by another deployment.",
        run=_revocation_attached,
    ),
    SmokeCheck(
        name="longest-session",
        assumed="Sessions of the invoke role last an hour at most.",
        otherwise="Revocations count for an hour: put MaxSessionDuration back to 3600.",
        run=_longest_session,
    ),
    SmokeCheck(
        name="trust-length",
        assumed="IAM took a trust policy as long as this one.",
        otherwise="Deploy under a shorter stack's name: roles are named after it.",
        run=_trust_length,
        settles=("trust-length",),
    ),
)


def _asked(  # noqa: PLR0913 - what a session is made of
    function: str,
    *,
    role_arn: str,
    leave_out: str | None = None,
    more: Mapping[str, str] | None = None,
    name: str = SESSION_NAME,
    source: str | None = SESSION_NAME,
    policy: str | None = None,
) -> dict[str, Any]:
    tags = {
        "issuer": ISSUER,
        "user": USER,
        "function": function,
        "issued": str(int(time.time())),
        "grant": uuid.uuid4().hex,
        **(more or {}),
    }
    tags.pop(leave_out or "", None)
    return {
        "RoleArn": role_arn,
        "RoleSessionName": name,
        "DurationSeconds": _SHORTEST_SESSION,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        **({"SourceIdentity": source} if source else {}),
        **({"Policy": policy} if policy else {}),
    }


def _assume(deployed: Deployment, *, policy: str | None) -> _ProofSession:
    account = deployed.account
    client = account.revoking_client("sts")
    arn = account.output("InvokeRoleArn")
    try:
        answer = client.assume_role(
            **_asked(deployed.function, role_arn=arn, policy=policy)
        )
    except ClientError as error:
        if is_denied(error):
            raise NotHeldError(
                f"STS makes no proof's session: {code_of(error)}"
            ) from error
        raise
    made, entry = answer["Credentials"], deployed.entry
    grant = Grant(
        function_name=deployed.function,
        func_url=entry.func_url,
        region=entry.region,
        invoke_mode=entry.invoke_mode,
        access_key_id=made["AccessKeyId"],
        secret_access_key=made["SecretAccessKey"],
        session_token=made["SessionToken"],
        expires_at=made["Expiration"],
        clock_offset=0.0,
        lifetime=float(_SHORTEST_SESSION),
    )
    return _ProofSession(grant=grant, packed=int(answer.get("PackedPolicySize", 0)))


def _require_no_session(deployed: Deployment, what: str, **changes: Any) -> None:  # noqa: ANN401 - of _asked
    account = deployed.account
    client = account.revoking_client("sts")
    arn = account.output("InvokeRoleArn")
    asked = _asked(deployed.function, role_arn=arn, **changes)
    require_denied(lambda: client.assume_role(**asked), what)


def _role_name(account: Account) -> str:
    return account.output("InvokeRoleArn").rpartition("/")[2]


def _role(account: Account) -> Mapping[str, Any]:
    answer = account.client("iam").get_role(RoleName=_role_name(account))
    role: Mapping[str, Any] = answer["Role"]
    return role


def _trusted(account: Account) -> set[str]:
    """Read whom the invoke role's trust names in any statement that allows."""
    # botocore has parsed it.
    statements = _role(account)["AssumeRolePolicyDocument"]["Statement"]
    principals = (
        statement.get("Principal", "*")
        for statement in _listed(statements)
        if statement["Effect"] == "Allow"
    )
    return {
        str(name)
        for principal in principals
        for names in (
            principal.values() if isinstance(principal, dict) else [principal]
        )
        for name in _listed(names)
    }


def _actions_of(account: Account, policy_arn: str) -> set[str]:
    """Read what a managed policy allows. Raises ``NotTriedError`` of a foreign one."""
    if ":iam::aws:" in policy_arn:
        raise NotHeldError(f"its boundary is AWS's own {policy_arn.rpartition('/')[2]}")
    iam = account.client("iam")
    version = iam.get_policy(PolicyArn=policy_arn)["Policy"]["DefaultVersionId"]
    # botocore has parsed it.
    document = iam.get_policy_version(PolicyArn=policy_arn, VersionId=version)[
        "PolicyVersion"
    ]["Document"]
    allowed = set()
    for statement in _listed(document["Statement"]):
        if statement["Effect"] == "Allow":
            allowed |= set(_listed(statement.get("Action", "*")))
    return allowed


def _listed(value: Any) -> Sequence[Any]:  # noqa: ANN401 - one, or a list
    return value if isinstance(value, list) else [value]
