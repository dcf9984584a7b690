"""The roles of the template, with every policy that the template gives them."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import final

from aikagi_emulator.aws.managed_policies import ManagedPolicies, ManagedPolicy
from aikagi_emulator.aws.policy_documents import identity_policy, trust_policy
from aikagi_emulator.aws.principals import Attached, Role
from aikagi_emulator.iam import Policy
from aikagi_emulator.template import Resource, Stack, TemplateError


def roles_of(stack: Stack, *, managed: ManagedPolicies) -> Mapping[str, Role]:
    """All roles by ARN. ``managed`` are the stack's own managed policies.

    Inline policies, ``AWS::IAM::RolePolicy``, ``Policy`` and ``ManagedPolicy`` count.
    AWS's own managed policies are not loaded and grant nothing; as a boundary, one
    that is not loaded allows nothing. Raises ``TemplateError`` naming the resource.
    """
    attached = _Attachments(stack, managed)
    roles = [_role(resource, attached) for resource in stack.of_type("AWS::IAM::Role")]
    attached.refuse_strangers({role.name for role in roles})
    return {role.arn: role for role in roles}


@final
class _Attachments:
    """Policies that stand beside their roles rather than inside them."""

    def __init__(self, stack: Stack, managed: ManagedPolicies) -> None:
        self._by_role: dict[str, list[Policy | ManagedPolicy]] = defaultdict(list)
        self._source: dict[str, str] = {}
        self._managed = managed
        for resource in stack.of_type("AWS::IAM::ManagedPolicy"):
            self._attach(resource, managed.by_arn[resource.ref])
        for type_ in ("AWS::IAM::Policy", "AWS::IAM::RolePolicy"):
            for resource in stack.of_type(type_):
                document = resource.properties.get("PolicyDocument")
                self._attach(resource, identity_policy(document, resource.logical_id))

    def _attach(self, resource: Resource, policy: Policy | ManagedPolicy) -> None:
        properties = resource.properties
        named = [properties["RoleName"]] if "RoleName" in properties else []
        for role in [*named, *properties.get("Roles", [])]:
            self._by_role[role].append(policy)
            self._source[role] = resource.logical_id

    def of(self, role_name: str) -> Sequence[Policy | ManagedPolicy]:
        return self._by_role.get(role_name, [])

    def managed(self, arns: Iterable[str]) -> Attached:
        """Those that the template declares; the rest are not loaded."""
        found = map(self._managed.find, arns)
        return tuple(policy for policy in found if policy is not None)

    def refuse_strangers(self, role_names: set[str]) -> None:
        for name, logical_id in self._source.items():
            if name not in role_names:
                msg = f"{logical_id} belongs to the role {name}, which does not exist"
                raise TemplateError(msg)


def _role(resource: Resource, attached: _Attachments) -> Role:
    properties, name = resource.properties, resource.ref
    arn = str(resource.attributes["Arn"])
    own = [
        identity_policy(
            policy.get("PolicyDocument"),
            f"{resource.logical_id}/{policy['PolicyName']}",
        )
        for policy in properties.get("Policies", [])
    ]
    named = list(map(str, properties.get("ManagedPolicyArns", [])))
    managed = attached.managed(named)
    boundary = properties.get("PermissionsBoundary")
    trust = properties.get("AssumeRolePolicyDocument", {})
    beside = attached.of(name)
    arns = [*named, *(p.arn for p in beside if isinstance(p, ManagedPolicy))]
    return Role(
        name=name,
        arn=arn,
        role_id=str(resource.attributes.get("RoleId") or _role_id(arn)),
        trust=trust_policy(trust, f"{resource.logical_id}/trust"),
        trust_document=json.dumps(trust),
        # A managed policy may name the role, and the role the managed policy.
        policies=tuple(dict.fromkeys([*own, *managed, *beside])),
        managed_policy_arns=tuple(dict.fromkeys(arns)),
        boundary=None if boundary is None else attached.managed([boundary]),
        boundary_arn=None if boundary is None else str(boundary),
        max_session_seconds=int(properties.get("MaxSessionDuration", 3600)),
        tags={tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])},
    )


def _role_id(arn: str) -> str:
    """``AROA`` and seventeen characters, the same at every start."""
    return "AROA" + hashlib.sha256(arn.encode()).hexdigest()[:17].upper()
