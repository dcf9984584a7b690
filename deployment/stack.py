"""A stack as CloudFormation knows it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, final

from botocore.exceptions import ClientError

from deployment.errors import DeploymentError

_NOT_YET: Final = "REVIEW_IN_PROGRESS"
"""A change set was made for a stack that there is not, and was not executed."""

_FAILED_TO_BEGIN: Final = frozenset(
    {"CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
)


IRREPLACEABLE: Final = ("BrokerLogs", "RevocationPolicy", "SigningSecret", "UsersTable")
"""Logical ids of what holds people, keys, revocations and the record of grants.

Where CloudFormation makes another in the place of one, that is empty.
"""

_STACK_POLICY: Final = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "Update:*",
                "Principal": "*",
                "Resource": "*",
            },
            {
                "Effect": "Deny",
                "Action": ["Update:Replace", "Update:Delete"],
                "Principal": "*",
                "Resource": [f"LogicalResourceId/{name}" for name in IRREPLACEABLE],
            },
        ]
    }
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html"""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    status: str
    reason: str
    changed_at: datetime | None
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StackResource:
    logical_id: str
    type: str
    physical_id: str
    status: str
    reason: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StackContents:
    """The resources of a stack, and the logical ids of those that outlive it."""

    resources: tuple[StackResource, ...]
    retained: frozenset[str] = field(default_factory=frozenset)

    @property
    def physical_ids(self) -> frozenset[str]:
        return frozenset(resource.physical_id for resource in self.resources)

    def of_type(self, type_: str) -> tuple[StackResource, ...]:
        return tuple(resource for resource in self.resources if resource.type == type_)


@final
class Stack:
    """Each method may raise what botocore raises."""

    def __init__(self, cloudformation: Any, name: str) -> None:  # noqa: ANN401 - the types of this client are not installed
        self._client = cloudformation
        self.name: Final = name

    def state(self) -> StackState | None:
        """Give what there is, or None where there is no stack that was begun."""
        found = self._describe()
        if found is None or found["StackStatus"] == _NOT_YET:
            return None
        return StackState(
            status=found["StackStatus"],
            reason=found.get("StackStatusReason", ""),
            changed_at=found.get("LastUpdatedTime", found.get("CreationTime")),
            outputs={
                output["OutputKey"]: output["OutputValue"]
                for output in found.get("Outputs", [])
            },
            parameters={
                parameter["ParameterKey"]: parameter["ParameterValue"]
                for parameter in found.get("Parameters", [])
            },
        )

    def contents(self) -> StackContents:
        """List what the stack has made."""
        pages = self._client.get_paginator("list_stack_resources").paginate(
            StackName=self.name
        )
        resources = tuple(
            StackResource(
                logical_id=summary["LogicalResourceId"],
                type=summary["ResourceType"],
                physical_id=summary.get("PhysicalResourceId", ""),
                status=summary["ResourceStatus"],
                reason=summary.get("ResourceStatusReason", ""),
            )
            for page in pages
            for summary in page["StackResourceSummaries"]
        )
        return StackContents(
            resources=tuple(
                resource
                for resource in resources
                if resource.physical_id and resource.status != "DELETE_COMPLETE"
            ),
            retained=self._retained(),
        )

    def protect(self) -> None:
        """Let no update replace or delete what could not be made again."""
        self._client.set_stack_policy(
            StackName=self.name, StackPolicyBody=_STACK_POLICY
        )

    def forget_review(self) -> None:
        """Delete the empty stack that a refused first change set has left."""
        found = self._describe()
        if found is not None and found["StackStatus"] == _NOT_YET:
            self._client.delete_stack(StackName=self.name)

    def _retained(self) -> frozenset[str]:
        """Read it from the deployed template, what SAM has made included."""
        template = self._client.get_template(
            StackName=self.name, TemplateStage="Processed"
        )["TemplateBody"]
        return frozenset(
            logical_id
            for logical_id, resource in template["Resources"].items()
            if resource.get("DeletionPolicy", "").startswith("Retain")
        )

    def _describe(self) -> Any:  # noqa: ANN401 - what CloudFormation says of it
        try:
            (found,) = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            # It has no code of its own: what else is wrong is said in other words.
            if "does not exist" in str(error):
                return None
            raise
        return found


def refuse_unless_ready(state: StackState | None, environment: str) -> None:
    """Raise ``DeploymentError`` where a stack takes no update, and say what does it."""
    if state is None:
        return
    if state.status.endswith("_IN_PROGRESS"):
        raise DeploymentError(
            f"The stack is {state.status}: something is changing it now. Wait until it "
            "is done, then run this again."
        )
    if state.status in _FAILED_TO_BEGIN:
        raise DeploymentError(
            f"The stack is {state.status}: it was never whole, and CloudFormation "
            f"updates no such stack. make destroy ENV={environment}, then the same "
            "again."
            f"{_reason(state)}"
        )
    if state.status == "UPDATE_ROLLBACK_FAILED":
        raise DeploymentError(
            "The stack is UPDATE_ROLLBACK_FAILED: the way back from the last update "
            "stopped. Mend what it stopped at (the stack's events name it), then aws "
            f"cloudformation continue-update-rollback.{_reason(state)}"
        )


def _reason(state: StackState) -> str:
    return f" CloudFormation says: {state.reason}" if state.reason else ""
