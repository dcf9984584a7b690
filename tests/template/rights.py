"""What has to be true of every policy, whoever it belongs to.

``tests/privileges`` asks IAM what the policies come to; this reads them. A sentence
begins with the logical id to look at.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from aikagi_emulator.template import Resource, Stack
from tests.template.stacks import as_list, policies_of

Statement = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wildcard:
    """A shape of resources that may have one, for which actions, and why."""

    resource: str
    actions: tuple[str, ...]
    why: str

    def allows(self, resource: str, actions: Sequence[str]) -> bool:
        """Whether all the ``actions`` may be about it; … is one part without a star."""
        parts = map(re.escape, self.resource.split("…"))
        return re.fullmatch("[^*:/]+".join(parts), resource) is not None and all(
            any(fnmatchcase(action, allowed) for allowed in self.actions)
            for action in actions
        )


WILDCARDS: Final = (
    Wildcard(
        resource="arn:…:logs:…:…:log-group:…:*",
        actions=("logs:*",),
        why="what is inside a log group is written so",
    ),
    Wildcard(
        resource="arn:…:lambda:…:…:function:*",
        actions=("lambda:InvokeFunction", "lambda:InvokeFunctionUrl"),
        why="which function of all it is, the tags in the conditions decide",
    ),
    Wildcard(
        resource="arn:…:iam::…:role/aikagi/…/*",
        actions=("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"),
        why="invoke roles of other stacks, whose trust has to name the broker's role",
    ),
)
"""No other resource may have a wildcard."""

TRUSTS_THE_ACCOUNT: Final[Mapping[str, str]] = {
    "RevocationRole": "operators assume it, whom policies of their own let do so"
}
"""Roles whose trust names the whole account, and why. No other does."""

_SPREADING: Final = ("NotAction", "NotPrincipal", "NotResource")
_ROOT: Final = re.compile(r"(arn:[^:]+:iam::)?[0-9]{12}(:root)?")


def broad_rights(stack: Stack) -> Iterator[str]:
    """Yield a sentence for each policy that says more than it needs to."""
    for resource in stack.resources.values():
        for document in _documents(resource.properties):
            for number, statement in enumerate(as_list(document["Statement"]), 1):
                name = f"the statement {statement.get('Sid', number)}"
                yield from _of_statement(resource.logical_id, name, statement)
    for role in stack.of_type("AWS::IAM::Role"):
        yield from _of_carried(stack, role)
    yield from _of_bounds(stack)
    yield from _of_permissions(stack)
    yield from _of_origins(stack)


def broad_resource_policies(template: Mapping[str, Any]) -> Iterator[str]:
    """Yield the same of policies of resources, such as a topic's or a bucket's.

    ``template`` is what SAM makes of it: the emulator passes over types that decide
    nothing on a laptop, with all that they say.
    """
    for logical_id, resource in template["Resources"].items():
        if not resource["Type"].startswith("AWS::IAM::"):
            for document in _documents(resource.get("Properties", {})):
                for number, statement in enumerate(as_list(document["Statement"]), 1):
                    name = f"the statement {statement.get('Sid', number)}"
                    # A resource's own policy may call it *: it is about no other.
                    about = {k: v for k, v in statement.items() if k != "Resource"}
                    yield from _of_statement(logical_id, name, about)


def unbounded_roles(stack: Stack, boundary: str) -> Iterator[str]:
    """Yield a sentence for each role that an organisation's boundary does not reach."""
    own = {policy.ref for policy in stack.of_type("AWS::IAM::ManagedPolicy")}
    for role in stack.of_type("AWS::IAM::Role"):
        if role.properties.get("PermissionsBoundary") not in {boundary, *own}:
            yield (
                f"{role.source}: it has no PermissionsBoundary, where an organisation "
                "asks for one by the parameter PermissionsBoundaryArn: copy that of "
                "FunctionRole."
            )


def _documents(part: object) -> Iterator[Mapping[str, Any]]:
    """Yield every policy that stands anywhere in a resource's properties."""
    if isinstance(part, Mapping):
        if "Statement" in part:
            yield part
            return
        for value in part.values():
            yield from _documents(value)
    elif isinstance(part, list):
        for value in part:
            yield from _documents(value)


def _of_statement(where: str, name: str, statement: Statement) -> Iterator[str]:
    for element in _SPREADING:
        if element in statement:
            yield (
                f"{where}: {name} has {element}, which reaches whatever is added "
                "later: say what it is about instead."
            )
    if statement.get("Effect") != "Allow":
        return
    for action in _texts(statement.get("Action", [])):
        if "*" in action or "?" in action:
            yield f"{where}: {name} allows {action}: name each action."
    for resource in as_list(statement.get("Resource", [])):
        if "*" in resource and not _has_reason(resource, statement):
            yield (
                f"{where}: {name} is about {resource}: name its resources, or write "
                "the reason into tests/template/rights.py."
            )
    yield from _of_principal(where, name, statement)


def _texts(values: object) -> list[str]:
    """Return those that are written out: others are references to something named."""
    return [value for value in as_list(values) if isinstance(value, str)]


def _has_reason(resource: str, statement: Statement) -> bool:
    actions = as_list(statement.get("Action", []))
    return any(wildcard.allows(resource, actions) for wildcard in WILDCARDS)


def _of_principal(where: str, name: str, statement: Statement) -> Iterator[str]:
    if "Principal" not in statement:
        return
    principal = statement["Principal"]
    named = principal if isinstance(principal, Mapping) else {"AWS": principal}
    for kind, listed in named.items():
        for one in _texts(listed):
            if "*" in one:
                yield f"{where}: {name} trusts {one}, and so everybody: name a role."
            elif (
                kind == "AWS"
                and _ROOT.fullmatch(one)
                and where not in TRUSTS_THE_ACCOUNT
            ):
                yield (
                    f"{where}: {name} trusts the whole account {one}: name a role, or "
                    "write the reason into tests/template/rights.py."
                )


def _of_carried(stack: Stack, role: Resource) -> Iterator[str]:
    """Policies of others allow what nobody here reads, but within a boundary."""
    read = {policy.ref for policy in stack.of_type("AWS::IAM::ManagedPolicy")}
    bounded = role.properties.get("PermissionsBoundary") in read
    for arn in role.properties.get("ManagedPolicyArns", []):
        if arn not in read and not bounded:
            yield (
                f"{role.source}: it carries {arn}, which nobody here can read: give "
                "it a role of its own, and write what it may do as a policy there."
            )


def _of_bounds(stack: Stack) -> Iterator[str]:
    """The invoke role's policies can be written to: the boundary is what holds."""
    role = stack.resources["InvokeRole"]
    bounds = {policy.ref: policy for policy in stack.of_type("AWS::IAM::ManagedPolicy")}
    boundary = bounds.get(role.properties.get("PermissionsBoundary", ""))
    if boundary is None:
        yield (
            "InvokeRole: it has no PermissionsBoundary of the template: whoever writes "
            "a version of a policy that it carries could let it do anything."
        )
        return
    allowed = [
        statement
        for statements in policies_of(stack, role).values()
        for statement in statements
    ]
    if boundary.properties["PolicyDocument"]["Statement"] != allowed:
        yield f"{boundary.logical_id}: it says other than the policies of InvokeRole."


def _of_permissions(stack: Stack) -> Iterator[str]:
    for permission in stack.of_type("AWS::Lambda::Permission"):
        properties = permission.properties
        principal = str(properties["Principal"])
        if not principal.endswith(".amazonaws.com"):
            yield (
                f"{permission.source}: it lets {principal} call "
                f"{properties['FunctionName']}: name a service."
            )
        if not properties.keys() & {"SourceAccount", "SourceArn"}:
            yield (
                f"{permission.source}: it lets {principal} call for whoever asks it "
                "to: write a SourceArn."
            )


def _of_origins(stack: Stack) -> Iterator[str]:
    for url in stack.of_type("AWS::Lambda::Url"):
        cors = url.properties.get("Cors", {})
        for origin in cors.get("AllowOrigins", []):
            if "*" in origin:
                yield f"{url.source}: its URL answers to pages of {origin}: name them."
        if cors.get("AllowCredentials"):
            yield (
                f"{url.source}: its URL takes a browser's cookies, of which a "
                "signature needs none: leave AllowCredentials out."
            )
