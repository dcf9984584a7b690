"""What a stack leaves behind when it is deleted, and how that is removed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from deployment.aws_call import AwsCall
from deployment.stack import StackContents, StackResource

_GOES_WITH_ITS_FUNCTION: Final = "AWS::Lambda::Version"
"""Retained by itself, and deleted with all other versions of the function."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Without ``calls`` it has to be removed by hand."""

    what: str
    calls: tuple[AwsCall, ...] = ()


def of_stack(contents: StackContents) -> list[Leftover]:
    """List what the template's deletion policies keep."""
    return [
        _leftover(resource)
        for resource in contents.resources
        if resource.logical_id in contents.retained
        and resource.type != _GOES_WITH_ITS_FUNCTION
    ]


def of_others(names: Sequence[str]) -> list[Leftover]:
    """List parameters below the stack's path that the stack has not made."""
    return [
        Leftover(
            what=f"the parameter {name}, which another stack or somebody has written",
            calls=(
                AwsCall(
                    service="ssm",
                    operation="delete_parameter",
                    arguments={"Name": name},
                ),
            ),
        )
        for name in names
    ]


def _leftover(resource: StackResource) -> Leftover:
    made = _BY_TYPE.get(resource.type)
    if made is None:
        return Leftover(what=f"{resource.physical_id}, an {resource.type}")
    return made(resource.physical_id)


def _table(name: str) -> Leftover:
    return Leftover(
        what=f"the table {name}, with all people, protected against deletion",
        calls=(
            AwsCall(
                service="dynamodb",
                operation="update_table",
                arguments={"TableName": name, "DeletionProtectionEnabled": False},
                waiter="table_exists",
                waits_for={"TableName": name},
            ),
            AwsCall(
                service="dynamodb",
                operation="delete_table",
                arguments={"TableName": name},
            ),
        ),
    )


def _log_group(name: str) -> Leftover:
    return Leftover(
        what=f"the log group {name}, with the record of every grant",
        calls=(
            AwsCall(
                service="logs",
                operation="delete_log_group",
                arguments={"logGroupName": name},
            ),
        ),
    )


def _layer(arn: str) -> Leftover:
    name, _, version = arn.partition(":layer:")[2].partition(":")
    return Leftover(
        what=f"version {version} of the layer {name}, which other stacks may use",
        calls=(
            AwsCall(
                service="lambda",
                operation="delete_layer_version",
                arguments={"LayerName": name, "VersionNumber": int(version)},
            ),
        ),
    )


_BY_TYPE: Final[Mapping[str, Callable[[str], Leftover]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::Logs::LogGroup": _log_group,
}
