"""CloudFormation, the S3 that templates are uploaded to, and neighbours.

It makes nothing: a change set that is executed has its parameters and its template, and
the resources that a test has put there. That is what the SAM CLI, the real one, needs
to run to its end. What an operation does with its input is CloudFormation's own: it
refuses a stack that is not there, a previous value that there is not, a template with
roles without the capability for it, and a change set that changes nothing fails.

The neighbours are what ``make destroy`` asks, and the emulator does not model: who
carries a policy (IAM), how tables and parameters are deleted, log groups, versions of
layers. ``aws_on_loopback.py`` serves it all.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

BUCKET: Final = "aws-sam-cli-managed-default-samclisourcebucket-x"
_SAM_STACK: Final = "aws-sam-cli-managed-default"
_ACCOUNT: Final = "arn:aws:cloudformation:ap-northeast-1:123456789012"
_NOTHING: Final = "The submitted information didn't contain changes."


class RefusedError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(kw_only=True)
class FakeStack:
    name: str
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    template: str = "{}"
    processed: Mapping[str, Any] = field(default_factory=lambda: {"Resources": {}})
    resources: Sequence[Mapping[str, str]] = ()
    policy: str = ""
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass(kw_only=True)
class ChangeSet:
    id: str
    stack: str
    type: str
    parameters: dict[str, str]
    template: str
    capabilities: list[str]
    status: str = "CREATE_COMPLETE"


class CloudFormation:
    """``asked`` are the names of the operations, in their order.

    ``carriers`` leads from the ARNs of policies to the names of roles, ``versions`` to
    the versions of which the last is the default, and ``roles`` from names to paths;
    ``removed`` are log groups and versions of layers that were deleted, ``names`` those
    of parameters, and ``tables`` leads from tables to whether they are protected.
    ``outputs`` are those that any stack has once it was deployed, ``fails`` is the
    status that an execution ends in instead, and ``undeletable`` what stops a deletion.
    """

    def __init__(self) -> None:
        self.stacks: dict[str, FakeStack] = {
            _SAM_STACK: FakeStack(name=_SAM_STACK, outputs={"SourceBucket": BUCKET})
        }
        self.change_sets: dict[str, ChangeSet] = {}
        self.objects: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.outputs: dict[str, str] = {}
        self.fails: str = ""
        self.undeletable: str = ""
        self.executed: list[ChangeSet] = []
        self.carriers: dict[str, list[str]] = {}
        self.roles: dict[str, str] = {}
        self.versions: dict[str, list[str]] = {}
        self.removed: list[str] = []
        self.tables: dict[str, bool] = {}
        self.names: list[str] = []

    def answer(self, action: str, query: Mapping[str, str]) -> Any:
        self.asked.append(action)
        return getattr(self, f"_{_snake(action)}")(query)

    def _stack(self, query: Mapping[str, str]) -> FakeStack:
        name = query["StackName"].removeprefix(f"{_ACCOUNT}:stack/").split("/")[0]
        if name not in self.stacks:
            raise RefusedError(
                "ValidationError", f"Stack with id {name} does not exist"
            )
        return self.stacks[name]

    def _describe_stacks(self, query: Mapping[str, str]) -> Any:
        stack = self._stack(query)
        described = {
            "StackName": stack.name,
            "StackId": f"{_ACCOUNT}:stack/{stack.name}/1",
            "StackStatus": stack.status,
            "StackStatusReason": stack.reason,
            "CreationTime": _time(stack.changed_at),
            "LastUpdatedTime": _time(stack.changed_at),
            "EnableTerminationProtection": False,
            "Tags": [{"Key": "ManagedStackSource", "Value": "AwsSamCli"}],
            "Outputs": [
                {"OutputKey": key, "OutputValue": value}
                for key, value in stack.outputs.items()
            ],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in stack.parameters.items()
            ],
        }
        return {"Stacks": [described]}

    def _get_template_summary(self, query: Mapping[str, str]) -> Any:
        names = self._stack(query).parameters
        return {"Parameters": [{"ParameterKey": name} for name in names]}

    def _get_template(self, query: Mapping[str, str]) -> Any:
        stack = self._stack(query)
        if query.get("TemplateStage") == "Processed":
            return {"TemplateBody": json.dumps(stack.processed)}
        return {"TemplateBody": stack.template}

    def _create_change_set(self, query: Mapping[str, str]) -> Any:
        name, kind = query["StackName"], query["ChangeSetType"]
        existing = self.stacks.get(name)
        if kind == "UPDATE" and existing is None:
            raise RefusedError("ValidationError", f"Stack [{name}] does not exist")
        template = self._uploaded(query["TemplateURL"])
        capabilities = _members(query, "Capabilities")
        if "AWS::IAM::" in template and not {
            "CAPABILITY_IAM",
            "CAPABILITY_NAMED_IAM",
        } & set(capabilities):
            raise RefusedError(
                "InsufficientCapabilitiesException",
                "Requires capabilities : [CAPABILITY_IAM]",
            )
        made = ChangeSet(
            id=f"{_ACCOUNT}:changeSet/{query['ChangeSetName']}/{len(self.change_sets)}",
            stack=name,
            type=kind,
            parameters=self._parameters(query, existing),
            template=template,
            capabilities=capabilities,
        )
        if existing and (made.parameters, template) == (
            existing.parameters,
            existing.template,
        ):
            made.status = "FAILED"
        self.change_sets[made.id] = made
        if existing is None:
            self.stacks[name] = FakeStack(name=name, status="REVIEW_IN_PROGRESS")
        return {"Id": made.id, "StackId": f"{_ACCOUNT}:stack/{name}/1"}

    def _parameters(
        self, query: Mapping[str, str], existing: FakeStack | None
    ) -> dict[str, str]:
        values = {}
        for number in range(1, 200):
            key = query.get(f"Parameters.member.{number}.ParameterKey")
            if key is None:
                break
            if query.get(f"Parameters.member.{number}.UsePreviousValue") == "true":
                if existing is None or key not in existing.parameters:
                    raise RefusedError("ValidationError", f"no previous value of {key}")
                values[key] = existing.parameters[key]
            else:
                values[key] = query[f"Parameters.member.{number}.ParameterValue"]
        return values

    def _describe_change_set(self, query: Mapping[str, str]) -> Any:
        made = self.change_sets[query["ChangeSetName"]]
        change = {
            "Type": "Resource",
            "ResourceChange": {
                "Action": "Add" if made.type == "CREATE" else "Modify",
                "LogicalResourceId": "BrokerFunction",
                "ResourceType": "AWS::Lambda::Function",
                "Replacement": "False",
            },
        }
        failed = made.status == "FAILED"
        return {
            "ChangeSetName": made.id,
            "StackName": made.stack,
            "Status": made.status,
            "StatusReason": _NOTHING if failed else "",
            "Changes": [] if failed else [change],
        }

    def _execute_change_set(self, query: Mapping[str, str]) -> Any:
        made = self.change_sets[query["ChangeSetName"]]
        self.executed.append(made)
        stack = self.stacks[made.stack]
        stack.status = self.fails or f"{made.type}_COMPLETE"
        stack.changed_at = datetime.now(UTC)
        if not self.fails:
            stack.parameters, stack.template = made.parameters, made.template
            stack.outputs = dict(self.outputs)
        stack.events.insert(
            0,
            {
                "StackId": f"{_ACCOUNT}:stack/{stack.name}/1",
                "EventId": str(len(stack.events)),
                "StackName": stack.name,
                "LogicalResourceId": stack.name,
                "PhysicalResourceId": f"{_ACCOUNT}:stack/{stack.name}/1",
                "ResourceType": "AWS::CloudFormation::Stack",
                "Timestamp": _time(stack.changed_at),
                "ResourceStatus": stack.status,
            },
        )
        return {}

    def _describe_stack_events(self, query: Mapping[str, str]) -> Any:
        return {"StackEvents": self._stack(query).events or [_REVIEWED]}

    def _list_stack_resources(self, query: Mapping[str, str]) -> Any:
        listed = [
            {"ResourceStatus": "CREATE_COMPLETE", **resource}
            for resource in self._stack(query).resources
        ]
        return {"StackResourceSummaries": listed}

    def _describe_stack_resources(self, query: Mapping[str, str]) -> Any:
        return {"StackResources": list(self._stack(query).resources)}

    def _set_stack_policy(self, query: Mapping[str, str]) -> Any:
        self._stack(query).policy = query["StackPolicyBody"]
        return {}

    def _list_change_sets(self, query: Mapping[str, str]) -> Any:
        self._stack(query)
        return {"Summaries": []}

    def _delete_stack(self, query: Mapping[str, str]) -> Any:
        stack = self._stack(query)
        if self.undeletable:
            stack.status, stack.reason = "DELETE_FAILED", self.undeletable
            stack.resources = [
                {
                    **resource,
                    "ResourceStatus": "DELETE_FAILED",
                    "ResourceStatusReason": self.undeletable,
                }
                for resource in stack.resources
            ]
        else:
            del self.stacks[stack.name]
        return {}

    def _list_entities_for_policy(self, query: Mapping[str, str]) -> Any:
        carriers = self.carriers.get(query["PolicyArn"], [])
        return {
            "PolicyRoles": [{"RoleName": name} for name in carriers],
            "PolicyUsers": [],
            "PolicyGroups": [],
        }

    def _list_roles(self, query: Mapping[str, str]) -> Any:
        found = [
            name
            for name, path in self.roles.items()
            if path.startswith(query.get("PathPrefix", "/"))
        ]
        return {"Roles": [{"RoleName": name, "Path": "/"} for name in found]}

    def _list_policy_versions(self, query: Mapping[str, str]) -> Any:
        versions = self.versions.get(query["PolicyArn"], ["v1"])
        return {
            "Versions": [
                {"VersionId": version, "IsDefaultVersion": version == versions[-1]}
                for version in versions
            ]
        }

    def _delete_policy_version(self, query: Mapping[str, str]) -> Any:
        versions = self.versions[query["PolicyArn"]]
        if query["VersionId"] == versions[-1]:
            raise RefusedError("DeleteConflict", "the default version of a policy")
        versions.remove(query["VersionId"])
        return {}

    def _delete_log_group(self, members: Mapping[str, Any]) -> Any:
        self.removed.append(members["logGroupName"])
        return {}

    def _get_parameters_by_path(self, members: Mapping[str, Any]) -> Any:
        assert members["Recursive"]
        below = [name for name in self.names if name.startswith(members["Path"])]
        return {"Parameters": [{"Name": name} for name in below]}

    def _delete_parameter(self, members: Mapping[str, Any]) -> Any:
        self.names.remove(members["Name"])
        return {}

    def _describe_table(self, members: Mapping[str, Any]) -> Any:
        if members["TableName"] not in self.tables:
            raise RefusedError("ResourceNotFoundException", "no table")
        return {"Table": {"TableStatus": "ACTIVE"}}

    def _update_table(self, members: Mapping[str, Any]) -> Any:
        self.tables[members["TableName"]] = members["DeletionProtectionEnabled"]
        return {}

    def _delete_table(self, members: Mapping[str, Any]) -> Any:
        if self.tables[members["TableName"]]:
            raise RefusedError("ValidationException", "deletion protection is on")
        del self.tables[members["TableName"]]
        return {}

    def _uploaded(self, url: str) -> str:
        path = unquote(urlsplit(url).path)
        for key, body in self.objects.items():
            if path.endswith(key):
                return body.decode()
        raise RefusedError("ValidationError", f"S3 error: no {url}")


_REVIEWED: Final = {
    "StackId": "1",
    "EventId": "0",
    "StackName": "new",
    "Timestamp": "2026-01-01T00:00:00Z",
    "ResourceStatus": "REVIEW_IN_PROGRESS",
}


def _members(query: Mapping[str, str], name: str) -> list[str]:
    return [value for key, value in query.items() if key.startswith(f"{name}.member.")]


def _snake(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
