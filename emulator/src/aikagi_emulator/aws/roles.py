"""The roles of the template, with every policy that the template gives them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, final

from aikagi_emulator.aws.condition_keys import unmodelled_keys
from aikagi_emulator.aws.principals import Role
from aikagi_emulator.iam import Policy, PolicyError
from aikagi_emulator.template import Resource, Stack, TemplateError


class _Parse(Protocol):
    def __call__(self, document: Any, *, name: str) -> Policy: ...  # noqa: ANN401 - the template's


def roles_of(stack: Stack) -> Mapping[str, Role]:
    """All roles by ARN.

    Inline policies, ``AWS::IAM::RolePolicy``, ``Policy`` and ``ManagedPolicy`` count.
    AWS's own managed policies are not loaded and grant nothing; as a boundary, one
    that is not loaded allows nothing. Raises ``TemplateError`` naming the resource.
    """
    attached = _Attachments(stack)
    roles = [_role(resource, attached) for resource in stack.of_type("AWS::IAM::Role")]
    attached.refuse_strangers({role.name for role in roles})
    return {role.arn: role for role in roles}


@final
class _Attachments:
    """Policies that stand beside their roles rather than inside them."""

    def __init__(self, stack: Stack) -> None:
        self._by_role: dict[str, list[Policy]] = defaultdict(list)
        self._source: dict[str, str] = {}
        self._managed: dict[str, Policy] = {}
        for resource in stack.of_type("AWS::IAM::ManagedPolicy"):
            self._managed[resource.ref] = self._attach(resource)
        for resource in stack.of_type("AWS::IAM::Policy"):
            self._attach(resource)
        for resource in stack.of_type("AWS::IAM::RolePolicy"):
            self._attach(resource)

    def _attach(self, resource: Resource) -> Policy:
        properties = resource.properties
        policy = _policy(properties.get("PolicyDocument"), resource.logical_id)
        named = [properties["RoleName"]] if "RoleName" in properties else []
        for role in [*named, *properties.get("Roles", [])]:
            self._by_role[role].append(policy)
            self._source[role] = resource.logical_id
        return policy

    def of(self, role_name: str) -> Sequence[Policy]:
        return self._by_role.get(role_name, [])

    def managed(self, arns: Iterable[str]) -> list[Policy]:
        """Those that the template declares; the rest are not loaded."""
        return [self._managed[arn] for arn in arns if arn in self._managed]

    def refuse_strangers(self, role_names: set[str]) -> None:
        for name, logical_id in self._source.items():
            if name not in role_names:
                msg = f"{logical_id} belongs to the role {name}, which does not exist"
                raise TemplateError(msg)


def _role(resource: Resource, attached: _Attachments) -> Role:
    properties, name = resource.properties, resource.ref
    arn = str(resource.attributes["Arn"])
    own = [
        _policy(
            policy.get("PolicyDocument"),
            f"{resource.logical_id}/{policy['PolicyName']}",
        )
        for policy in properties.get("Policies", [])
    ]
    managed = attached.managed(properties.get("ManagedPolicyArns", []))
    boundary = properties.get("PermissionsBoundary")
    return Role(
        name=name,
        arn=arn,
        role_id=str(resource.attributes.get("RoleId") or _role_id(arn)),
        trust=_trust(resource),
        # A managed policy may name the role, and the role the managed policy.
        policies=tuple(dict.fromkeys([*own, *managed, *attached.of(name)])),
        boundary=None if boundary is None else tuple(attached.managed([boundary])),
        max_session_seconds=int(properties.get("MaxSessionDuration", 3600)),
        tags={tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])},
    )


def _policy(document: Any, name: str) -> Policy:  # noqa: ANN401 - as the template has it
    return _understood(Policy.identity, document, name)


def _trust(resource: Resource) -> Policy:
    document = resource.properties.get("AssumeRolePolicyDocument", {})
    return _understood(Policy.trust, document, f"{resource.logical_id}/trust")


def _understood(parse: _Parse, document: Any, name: str) -> Policy:  # noqa: ANN401 - as above
    try:
        policy = parse(document, name=name)
    except PolicyError as error:
        msg = f"{name}: {error}"
        raise TemplateError(msg) from error
    for key in unmodelled_keys(document):
        msg = f"{name}: the condition key {key} is not modelled by the emulator"
        raise TemplateError(msg)
    return policy


def _role_id(arn: str) -> str:
    """``AROA`` and seventeen characters, the same at every start."""
    return "AROA" + hashlib.sha256(arn.encode()).hexdigest()[:17].upper()
