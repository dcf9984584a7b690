"""Who can hold credentials here: roles of the template, and the operator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, final

from aikagi_emulator.aws.managed_policies import ManagedPolicy
from aikagi_emulator.iam import Layers, Policy

_EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


Attached: TypeAlias = tuple[Policy | ManagedPolicy, ...]
"""Policies as a principal carries them: a managed one may change meanwhile."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role as the template declares it.

    ``boundary`` is None where the role has none; an empty tuple is a boundary that
    could not be read and therefore allows nothing. ``boundary_arn`` and
    ``managed_policy_arns`` name what the template names, loaded or not, and
    ``trust_document`` is the text of ``trust``.
    """

    name: str
    arn: str
    role_id: str
    trust: Policy
    policies: Attached
    boundary: Attached | None = None
    boundary_arn: str | None = None
    managed_policy_arns: tuple[str, ...] = ()
    trust_document: str = "{}"
    max_session_seconds: int = 3600
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def path(self) -> str:
        return self.arn.partition(":role")[2].removesuffix(self.name)

    def session_arn(self, session: str) -> str:
        """The ARN of a session. A role's path is not part of it."""
        return f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{session}"

    def session_id(self, session: str) -> str:
        return f"{self.role_id}:{session}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user. A session of one is the user: it has no name of its own."""

    name: str
    arn: str
    user_id: str
    policies: Attached
    boundary: Attached | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    def session_arn(self, _session: str) -> str:
        return self.arn

    def session_id(self, _session: str) -> str:
        return self.user_id


Principal: TypeAlias = Role | User


def layers_of(
    principal: Principal, *, session: tuple[Policy, ...] | None = None
) -> Layers:
    """What limits a principal now, with the policies of a session of it."""
    boundary = principal.boundary
    return Layers(
        identity=_in_force(principal.policies),
        boundary=None if boundary is None else _in_force(boundary),
        session=session,
    )


def _in_force(attached: Attached) -> tuple[Policy, ...]:
    return tuple(
        policy if isinstance(policy, Policy) else policy.in_force for policy in attached
    )


def operator(account: str) -> User:
    """The person at the keyboard, who may do everything the stack models.

    On AWS that is whoever deployed the template.
    """
    return User(
        name="operator",
        arn=f"arn:aws:iam::{account}:user/operator",
        user_id="AIDAOPERATORLOCAL0000",
        policies=(Policy.identity(_EVERYTHING, name="operator/administrator"),),
    )
