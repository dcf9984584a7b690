"""Who holds rights in a template, and by which policies."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any, Final

from aikagi_emulator.template import Resource, Stack
from app.domain.session import SessionRequest, plan_session
from tests.fakes import NOON, a_function, a_user
from tests.template.stacks import UrlFunction, as_list, policies_of, published

Document = Mapping[str, Any]

EVERYTHING: Final[Document] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and what their own account lets them do.

    ``service`` is the principal of an AWS service where that is who asks; ``role_arn``
    is empty then. ``boundary`` and ``session``, the policy of one session, are None
    where nothing bounds them.
    """

    name: str
    account: str
    role_arn: str = ""
    service: str = ""
    identity: Mapping[str, Document] = field(default_factory=dict)
    boundary: Document | None = None
    session: Document | None = None

    @property
    def arn(self) -> str:
        """Return the ARN of a session of the role. A role's path is not part of it."""
        if self.service:
            return self.service
        name = self.role_arn.rpartition("/")[2]
        return f"arn:aws:sts::{self.account}:assumed-role/{name}/x+x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A role of the template, a session of one, or what bounds one.

    ``own`` are the policies that say what it may do. ``trust`` is None for all but
    roles: nobody assumes them. ``unread`` are the ARNs of
    policies that stand outside the template.
    """

    logical_id: str
    stack: str
    caller: Caller
    own: Mapping[str, Document]
    trust: Document | None = None
    unread: tuple[str, ...] = ()


def holders_of(stack: Stack) -> tuple[Holder, ...]:
    """Return the roles, those that SAM makes by itself too, and what bounds them."""
    roles = stack.of_type("AWS::IAM::Role")
    bounds = {role.properties.get("PermissionsBoundary") for role in roles}
    boundaries = [
        policy
        for policy in stack.of_type("AWS::IAM::ManagedPolicy")
        if policy.ref in bounds
    ]
    held = [_role(stack, role) for role in roles]
    lent = [
        _lent(stack, holder, function)
        for holder in held
        if holder.logical_id == "InvokeRole"
        for function in published(stack)[:1]
    ]
    return (
        *held,
        *lent,
        *(_boundary(stack, policy) for policy in boundaries),
    )


def statements(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the statements of a policy with what to call each."""
    for number, statement in enumerate(as_list(document["Statement"]), start=1):
        yield statement.get("Sid", f"statement {number}"), statement


def _role(stack: Stack, role: Resource) -> Holder:
    managed = {
        policy.ref: policy for policy in stack.of_type("AWS::IAM::ManagedPolicy")
    }
    properties = role.properties
    carried = [
        *properties.get("ManagedPolicyArns", []),
        *(
            policy.ref
            for policy in managed.values()
            if role.ref in policy.properties.get("Roles", [])
        ),
    ]
    boundary = properties.get("PermissionsBoundary")
    unread = [arn for arn in [*carried, boundary] if arn and arn not in managed]
    identity = {
        **{
            name: {"Version": "2012-10-17", "Statement": listed}
            for name, listed in policies_of(stack, role).items()
        },
        **{
            managed[arn].logical_id: managed[arn].properties["PolicyDocument"]
            for arn in carried
            if arn in managed
        },
    }
    return Holder(
        logical_id=role.logical_id,
        stack=stack.name,
        own=identity,
        caller=Caller(
            name=role.logical_id,
            account=stack.account,
            role_arn=str(role.attributes["Arn"]),
            identity=identity,
            boundary=(
                managed[boundary].properties["PolicyDocument"]
                if boundary in managed
                else None
            ),
        ),
        trust=properties["AssumeRolePolicyDocument"],
        unread=tuple(unread),
    )


def _lent(stack: Stack, role: Holder, function: UrlFunction) -> Holder:
    """Return a session as the broker makes it for somebody, of one function.

    For a minute and for one network, so that its policy has all that it can have.
    """
    networks = (ip_network("192.0.2.0/24"),)
    plan = plan_session(
        a_user("alice", "everyone"),
        replace(
            a_function("hello", "everyone"), arn=function.arn, source_networks=networks
        ),
        SessionRequest(duration_seconds=60),
        grant_id="a-grant",
        now=NOON,
    )
    policy = json.loads(plan.policy)
    return Holder(
        logical_id=f"{role.logical_id} as lent",
        stack=stack.name,
        own={"session": policy},
        caller=replace(role.caller, name="a lent session", session=policy),
    )


def _boundary(stack: Stack, policy: Resource) -> Holder:
    """Return whoever may do everything, within one boundary."""
    return Holder(
        logical_id=policy.logical_id,
        stack=stack.name,
        own={policy.logical_id: policy.properties["PolicyDocument"]},
        caller=Caller(
            name=policy.logical_id,
            account=stack.account,
            role_arn=f"arn:aws:iam::{stack.account}:role/bounded",
            identity={"everything": EVERYTHING},
            boundary=policy.properties["PolicyDocument"],
        ),
    )
