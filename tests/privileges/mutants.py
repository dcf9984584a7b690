"""Templates with one mistake each: everything that could be weakened, weakened."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from aikagi_emulator.template import Resource, Stack
from tests.template.stacks import as_list

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """``kind`` is what was weakened; one of ``blamed`` has to be named for it.

    Of a statement that denies, ``denies``, less is denied then, or everything.
    ``holders`` are the roles and boundaries that may do something else now.
    """

    kind: str
    what: str
    blamed: frozenset[str]
    holders: frozenset[str]
    stack: Stack
    denies: bool = False


def mutants(stack: Stack) -> Iterator[Mutant]:
    for resource in stack.resources.values():
        properties = resource.properties
        if resource.type == "AWS::Lambda::Url":
            yield from _of_url(stack, resource)
        if resource.type == "AWS::Lambda::Permission":
            yield from _of_permission(stack, resource)
        if "PermissionsBoundary" in properties:
            key = "PermissionsBoundary"
            yield _mutant(
                stack, resource, "boundary", f"without {key}", (key,), _remove
            )
        for path, statement in _statements((), properties):
            yield from _of_statement(stack, resource, path, statement)


def _of_url(stack: Stack, url: Resource) -> Iterator[Mutant]:
    yield _mutant(
        stack, url, "authentication", "AuthType NONE", ("AuthType",), _put("NONE")
    )
    origins = ("Cors", "AllowOrigins")
    for index in range(len(url.properties["Cors"]["AllowOrigins"])):
        yield _mutant(stack, url, "origin", "origin *", (*origins, index), _put("*"))
    yield _mutant(stack, url, "origin", "https://*", origins, _put(["https://*"]))
    cookies = ("Cors", "AllowCredentials")
    yield _mutant(stack, url, "origin", "with cookies", cookies, _put(True))


def _of_permission(stack: Stack, permission: Resource) -> Iterator[Mutant]:
    named: Path = ("Principal",)
    for to in ("*", stack.account):
        yield _mutant(stack, permission, "principal", f"to {to}", named, _put(to))
    for key in ("SourceAccount", "SourceArn"):
        if key in permission.properties:
            what = f"without {key}"
            yield _mutant(stack, permission, "principal", what, (key,), _remove)


def _statements(path: Path, part: object) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(part, Mapping):
        if "Statement" in part:
            for index, statement in enumerate(part["Statement"]):
                yield (*path, "Statement", index), statement
            return
        for key, value in part.items():
            yield from _statements((*path, key), value)
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _statements((*path, index), value)


def _of_statement(
    stack: Stack, resource: Resource, path: Path, statement: Mapping[str, Any]
) -> Iterator[Mutant]:
    name = statement.get("Sid", path[-1])
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            mutant = _mutant(
                stack,
                resource,
                "condition",
                f"{name} without {operator} {key}",
                (*path, "Condition", operator, key),
                _remove,
            )
            yield replace(mutant, denies=statement["Effect"] == "Deny")
            if operator.endswith("StringLike"):
                yield from _of_values(
                    stack, resource, (*path, "Condition"), operator, key
                )
    if statement["Effect"] == "Allow":
        # What is denied beside it, nobody gains.
        yield from _of_grant(stack, resource, path, statement)
        yield from _of_principals(stack, resource, path, statement)


def _of_values(
    stack: Stack, resource: Resource, path: Path, operator: str, key: str
) -> Iterator[Mutant]:
    """Let each of a condition's values be anything."""
    place: Any = resource.properties
    for step in (*path, operator, key):
        place = place[step]
    for index, value in enumerate(as_list(place)):
        yield _mutant(
            stack,
            resource,
            "condition",
            f"{path[-2]} with {key} * instead of {value}",
            (*path, operator, key),
            _put(_with(as_list(place), index, "*")),
        )


def _of_grant(
    stack: Stack, resource: Resource, path: Path, statement: Mapping[str, Any]
) -> Iterator[Mutant]:
    name = statement.get("Sid", path[-1])
    for element in ("Action", "Resource"):
        values = as_list(statement.get(element, []))
        for index, value in enumerate(values):
            for wider in _wider(element, value):
                yield _mutant(
                    stack,
                    resource,
                    element.lower(),
                    f"{name} with {element} {wider} instead of {value}",
                    (*path, element),
                    _put(_with(values, index, wider)),
                )


def _of_principals(
    stack: Stack, resource: Resource, path: Path, statement: Mapping[str, Any]
) -> Iterator[Mutant]:
    name = statement.get("Sid", path[-1])
    for kind, listed in statement.get("Principal", {}).items():
        for index, value in enumerate(as_list(listed)):
            for wider in {"*", f"arn:aws:iam::{stack.account}:root"} - {value}:
                changed = _with(as_list(listed), index, wider)
                yield _mutant(
                    stack,
                    resource,
                    "principal",
                    f"{name} for {wider} instead of {value}",
                    (*path, "Principal"),
                    _put(_principal(statement["Principal"], kind, changed)),
                )


def _wider(element: str, value: str) -> Iterator[str]:
    if element == "Action":
        yield f"{value.partition(':')[0]}:*"
        return
    yield "*"
    head, _, name = value.rpartition(":")
    if not name.startswith("*"):
        yield f"{head}:*"


def _principal(
    principal: Mapping[str, Any], kind: str, changed: list[str]
) -> Mapping[str, Any]:
    if kind == "AWS":
        return {**principal, kind: changed}
    rest = {name: value for name, value in principal.items() if name != kind}
    return {**rest, "AWS": changed}


def _with(values: list[str], index: int, value: str) -> list[str]:
    return [*values[:index], value, *values[index + 1 :]]


def _mutant(
    stack: Stack,
    resource: Resource,
    kind: str,
    what: str,
    path: Path,
    change: Callable[[Any, str | int], None],
) -> Mutant:
    properties = deepcopy(dict(resource.properties))
    place: Any = properties
    for step in path[:-1]:
        place = place[step]
    change(place, path[-1])
    mutated = replace(resource, properties=properties)
    holders = _holders(stack, resource)
    return Mutant(
        kind=kind,
        what=f"{resource.logical_id}: {what}",
        blamed=frozenset({resource.logical_id, resource.source, *holders}),
        holders=frozenset(holders),
        stack=replace(
            stack, resources={**stack.resources, resource.logical_id: mutated}
        ),
    )


def _holders(stack: Stack, resource: Resource) -> set[str]:
    """Return what holds the rights that a resource gives or bounds."""
    roles = stack.of_type("AWS::IAM::Role")
    named = resource.properties.get("RoleName")
    return {
        resource.logical_id,
        *(role.logical_id for role in roles if role.ref == named),
        *(
            role.logical_id
            for role in roles
            if resource.ref
            in [
                *role.properties.get("ManagedPolicyArns", []),
                role.properties.get("PermissionsBoundary"),
            ]
        ),
    }


def _remove(place: Any, step: str | int) -> None:
    del place[step]


def _put(value: Any) -> Callable[[Any, str | int], None]:
    def put(place: Any, step: str | int) -> None:
        place[step] = value

    return put
