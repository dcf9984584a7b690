"""IAM: versions of the template's managed policies, and what its roles are.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, final
from urllib.parse import quote

from aikagi_emulator.aws import constraints, query
from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.condition_keys import unmodelled_keys
from aikagi_emulator.aws.constraints import Violations
from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.aws.managed_policies import (
    MOST_VERSIONS,
    ManagedPolicies,
    ManagedPolicy,
    PolicyVersion,
)
from aikagi_emulator.aws.principals import Role
from aikagi_emulator.aws.query import element
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.iam import Policy, PolicyError
from aikagi_emulator.sigv4 import Request, SignatureRefusedError

SERVICE: Final = "iam"
REGION: Final = "us-east-1"
"""Where IAM is, whatever Region asks: it is one for all of them."""

_VERSION: Final = "2010-05-08"
_NAMESPACE: Final = "https://iam.amazonaws.com/doc/2010-05-08/"
_LONGEST: Final = 6144
"""Characters of a managed policy's document, without its white space:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
_ALWAYS: Final = frozenset({"Action", "Version"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    """``carry_out`` returns the result's XML; None for an answer without a result.

    It is about a policy, or about a role where ``of_role``.
    """

    parameters: frozenset[str]
    carry_out: Callable[[Any, Mapping[str, str]], str | None]
    of_role: bool = False


@final
class Iam:
    """Signature, then the caller's policies, then the operation."""

    def __init__(
        self,
        *,
        authorizer: Authorizer,
        policies: ManagedPolicies,
        roles: Mapping[str, Role],
    ) -> None:
        self._authorizer = authorizer
        self._policies = policies
        self._roles = roles
        self._operations = {
            "CreatePolicyVersion": _Operation(
                parameters=frozenset({"PolicyDocument", "SetAsDefault"}),
                carry_out=_create_version,
            ),
            "DeletePolicyVersion": _Operation(
                parameters=frozenset({"VersionId"}), carry_out=_delete_version
            ),
            "GetPolicy": _Operation(parameters=frozenset(), carry_out=self._get_policy),
            "GetPolicyVersion": _Operation(
                parameters=frozenset({"VersionId"}), carry_out=_get_version
            ),
            "GetRole": _Operation(
                parameters=frozenset(), carry_out=_get_role, of_role=True
            ),
            "ListAttachedRolePolicies": _Operation(
                parameters=frozenset(), carry_out=_list_attached, of_role=True
            ),
            "ListPolicyVersions": _Operation(
                parameters=frozenset(), carry_out=_list_versions
            ),
        }

    def answer(self, request: Request, *, source_ip: str) -> Answer:
        session = self._authorizer.authenticate(request, service=SERVICE)
        parameters = query.parameters_of(request)
        action = parameters.get("Action", "")
        version = parameters.get("Version", "NO_VERSION_SPECIFIED")
        if not action or version != _VERSION:
            text = f"Could not find operation {action} for version {version}"
            raise AwsError("InvalidAction", text)
        operation = self._operations.get(action)
        if operation is None:
            raise not_modelled(f"iam:{action}")
        named = "RoleName" if operation.of_role else "PolicyArn"
        for name in parameters.keys() - _ALWAYS - operation.parameters - {named}:
            raise not_modelled(f"the parameter {name} of iam:{action}")
        if operation.of_role:
            role_name, kind = _role_name(parameters), "role"
            arn = self._role_arn(role_name, session.principal.account)
        else:
            arn, kind = _policy_arn(parameters), "policy"
        decision = self._authorizer.decide(
            session,
            f"iam:{action}",
            arn,
            source_ip=source_ip,
            extra={"aws:RequestedRegion": REGION},
        )
        if not decision.allowed:
            text = (
                f"User: {session.arn} is not authorized to perform: iam:{action} "
                f"on resource: {kind} {arn}"
            )
            why = f"{text}: {decision.why}"
            raise AwsError("AccessDenied", text, status=403, why=why)
        inner = operation.carry_out(
            self._find(arn, of_role=operation.of_role), parameters
        )
        return query.result(action, inner, namespace=_NAMESPACE)

    def unsigned(self, error: SignatureRefusedError) -> AwsError:
        code, status = query.UNSIGNED.get(error.code, (error.code, 403))
        return AwsError(code, error.message, status=status, why=error.why)

    def refusal(self, error: AwsError) -> Answer:
        return query.failure(error, namespace=_NAMESPACE)

    def _role_arn(self, name: str, account: str) -> str:
        """The ARN that IAM decides about. A role that is not there has no path."""
        for role in self._roles.values():
            if role.name == name:
                return role.arn
        return f"arn:aws:iam::{account}:role/{name}"

    def _find(self, arn: str, *, of_role: bool) -> ManagedPolicy | Role:
        found = self._roles.get(arn) if of_role else self._policies.find(arn)
        if found is not None:
            return found
        if of_role:
            name = arn.rpartition("/")[2]
            raise _missing(f"The role with name {name} cannot be found.")
        raise _missing(f"Policy {arn} was not found.")

    def _get_policy(self, policy: ManagedPolicy, _: Mapping[str, str]) -> str:
        roles = self._roles.values()
        attached = sum(policy in role.policies for role in roles)
        bounding = sum(policy in (role.boundary or ()) for role in roles)
        return _within(
            "Policy",
            element("PolicyName", policy.name)
            + element("PolicyId", policy.policy_id)
            + element("Arn", policy.arn)
            + element("Path", policy.path)
            + element("DefaultVersionId", policy.default.version_id)
            + element("AttachmentCount", str(attached))
            + element("PermissionsBoundaryUsageCount", str(bounding))
            + element("IsAttachable", "true")
            + element("CreateDate", _timestamp(policy.created_at))
            + element("UpdateDate", _timestamp(policy.default.created_at)),
        )


def _policy_arn(parameters: Mapping[str, str]) -> str:
    found = Violations()
    arn = found.text("policyArn", parameters.get("PolicyArn"), constraints.ARN)
    found.settle()
    return arn


def _role_name(parameters: Mapping[str, str]) -> str:
    found = Violations()
    name = found.text("roleName", parameters.get("RoleName"), constraints.ROLE_NAME)
    found.settle()
    return name


def _get_role(role: Role, _: Mapping[str, str]) -> str:
    bounded = (
        _within(
            "PermissionsBoundary",
            element("PermissionsBoundaryType", "Policy")
            + element("PermissionsBoundaryArn", role.boundary_arn),
        )
        if role.boundary_arn is not None
        else ""
    )
    return _within(
        "Role",
        element("Path", role.path)
        + element("RoleName", role.name)
        + element("RoleId", role.role_id)
        + element("Arn", role.arn)
        + element("AssumeRolePolicyDocument", quote(role.trust_document, safe="-_.~"))
        + element("MaxSessionDuration", str(role.max_session_seconds))
        + bounded,
    )


def _list_attached(role: Role, _: Mapping[str, str]) -> str:
    members = (
        _within(
            "member",
            element("PolicyName", arn.rpartition("/")[2]) + element("PolicyArn", arn),
        )
        for arn in role.managed_policy_arns
    )
    return _within("AttachedPolicies", "".join(members)) + element(
        "IsTruncated", "false"
    )


def _get_version(policy: ManagedPolicy, parameters: Mapping[str, str]) -> str:
    version = _version_of(policy, parameters)
    # RFC 3986, as IAM writes documents.
    document = element("Document", quote(version.document, safe="-_.~"))
    return _within("PolicyVersion", document + _described(policy, version))


def _list_versions(policy: ManagedPolicy, _: Mapping[str, str]) -> str:
    members = (
        _within("member", _described(policy, version)) for version in policy.versions
    )
    return _within("Versions", "".join(members)) + element("IsTruncated", "false")


def _create_version(policy: ManagedPolicy, parameters: Mapping[str, str]) -> str:
    found = Violations()
    document = found.text(
        "policyDocument", parameters.get("PolicyDocument"), constraints.POLICY_DOCUMENT
    )
    found.settle()
    default = _boolean(parameters.get("SetAsDefault", "false"))
    understood = _policy(document, policy.logical_id)
    if len(re.sub(r"\s", "", document)) > _LONGEST:
        text = f"Cannot exceed quota for PolicySize: {_LONGEST}"
        raise AwsError("LimitExceeded", text, status=409)
    version = policy.add(document, understood, default=default)
    if version is None:
        text = (
            f"A managed policy can have up to {MOST_VERSIONS} versions. Before you "
            "create a new version, you must delete an existing version."
        )
        raise AwsError("LimitExceeded", text, status=409)
    return _within("PolicyVersion", _described(policy, version))


def _delete_version(policy: ManagedPolicy, parameters: Mapping[str, str]) -> None:
    version = _version_of(policy, parameters)
    if not policy.delete(version.version_id):
        text = "Cannot delete the default version of a policy."
        raise AwsError("DeleteConflict", text, status=409)


def _version_of(policy: ManagedPolicy, parameters: Mapping[str, str]) -> PolicyVersion:
    found = Violations()
    version_id = found.text(
        "versionId", parameters.get("VersionId"), constraints.VERSION_ID
    )
    found.settle()
    version = policy.version(version_id)
    if version is None:
        text = (
            f"Policy {policy.arn} version {version_id} does not exist or is not "
            "attachable."
        )
        raise _missing(text)
    return version


def _policy(document: str, name: str) -> Policy:
    try:
        policy = Policy.identity(document, name=name)
    except PolicyError as error:
        raise AwsError(
            "MalformedPolicyDocument", "Syntax errors in policy.", why=str(error)
        ) from error
    for key in unmodelled_keys(document):
        raise not_modelled(f"the condition key {key}")
    return policy


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise AwsError("MalformedInput", f"{text!r} is not a boolean")
    return text == "true"


def _described(policy: ManagedPolicy, version: PolicyVersion) -> str:
    is_default = version.version_id == policy.default.version_id
    return (
        element("VersionId", version.version_id)
        + element("IsDefaultVersion", "true" if is_default else "false")
        + element("CreateDate", _timestamp(version.created_at))
    )


def _within(name: str, inner: str) -> str:
    """``inner`` is XML already."""
    return f"<{name}>{inner}</{name}>"


def _missing(text: str) -> AwsError:
    return AwsError("NoSuchEntity", text, status=404)


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
