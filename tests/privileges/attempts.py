"""Everybody of a template, trying what nobody may do."""

from collections.abc import Iterator

from aikagi_emulator.template import Resource, Stack
from tests.privileges.dangers import Danger, by_roles, of_assuming, of_services
from tests.privileges.holders import Holder, holders_of
from tests.privileges.requests import Only, Row, assuming
from tests.privileges.samples import instance
from tests.privileges.trusts import callers_of


def attempts(stack: Stack, only: Only = None) -> Iterator[Row]:
    """Yield every danger, tried by each that is not there for just that.

    ``only`` are the holders to ask about, where not all.
    """
    holders, tried = holders_of(stack), tuple(by_roles(stack))
    for holder in holders:
        if only is not None and holder.logical_id not in only:
            continue
        for danger in tried:
            if not danger.spares(holder.logical_id):
                yield from _by(stack, holder, danger, holders)
        if holder.trust is not None:
            yield from _of(stack, holder, holders)


def _by(
    stack: Stack, holder: Holder, danger: Danger, holders: tuple[Holder, ...]
) -> Iterator[Row]:
    for on, resource in _resources(stack, danger):
        yield Row(
            holder=holder.logical_id,
            statement="",
            on=on,
            circumstance=danger.how,
            spared=danger.spared,
            kind=danger.kind,
            ask=assuming(
                holder.caller, danger.action, resource, danger.context, holders
            ),
        )


def _of(stack: Stack, role: Holder, holders: tuple[Holder, ...]) -> Iterator[Row]:
    arn = role.caller.role_arn
    by_callers, by_services = tuple(of_assuming()), tuple(of_services(stack))
    for caller in callers_of(stack, role, holders):
        for danger in by_services if caller.service else by_callers:
            if not danger.spares(caller.name):
                yield Row(
                    holder=role.logical_id,
                    statement="",
                    on=role.logical_id,
                    circumstance=danger.how,
                    spared=danger.spared,
                    kind=danger.kind,
                    ask=assuming(caller, danger.action, arn, danger.context, holders),
                    trusts=True,
                )


def _resources(stack: Stack, danger: Danger) -> Iterator[tuple[str, str]]:
    if danger.elsewhere:
        arn = danger.elsewhere.format(region=stack.region, account=stack.account)
        yield arn, arn
    for resource in stack.of_type(danger.type):
        yield resource.logical_id, instance(_arn(stack, resource))


def _arn(stack: Stack, resource: Resource) -> str:
    if resource.type == "AWS::SSM::Parameter":
        return f"arn:aws:ssm:{stack.region}:{stack.account}:parameter{resource.ref}"
    if resource.type in {"AWS::SecretsManager::Secret", "AWS::IAM::ManagedPolicy"}:
        return resource.ref
    return str(resource.attributes["Arn"])
