"""``make destroy``: the stack goes, and what is to outlive it is named."""

from dataclasses import dataclass
from typing import Any, Final, final

from deployment import leftovers
from deployment.account import Aws, CallerIdentity
from deployment.environment_file import EnvironmentFile
from deployment.errors import DeploymentError, ExitCode, UsageError
from deployment.leftovers import Leftover
from deployment.sam import Sam
from deployment.stack import Stack, StackContents
from deployment.terminal import Terminal

_POLICY: Final = "AWS::IAM::ManagedPolicy"
_ROLE: Final = "AWS::IAM::Role"
_BUCKET_STACK: Final = "aws-sam-cli-managed-default"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyCommand:
    """What it takes.

    ``confirmed`` is the stack's name where it was given with the command, else empty.
    With ``everything`` what the stack leaves behind is removed as well.
    """

    name: str
    file: EnvironmentFile
    confirmed: str
    everything: bool
    aws: Aws
    sam: Sam
    terminal: Terminal

    def run(self) -> None:
        """Destroy, or raise ``DeploymentError`` or what botocore raises."""
        environment = self.file.read()
        region = environment.region or self.aws.region
        account = self.aws.caller_identity(region)
        if environment.account not in {None, account.account_id}:
            raise UsageError(
                f"The credentials are of the account {account.account_id}, and "
                f"{self.file.path} says {environment.account}. Nothing was done."
            )
        if region is None:
            raise UsageError("No Region is named: set AWS_REGION. Nothing was done.")
        stack = Stack(self.aws.client("cloudformation", region), environment.stack)
        if stack.state() is None:
            raise DeploymentError(
                f"There is no stack {stack.name} in {region}, account "
                f"{account.account_id}."
            )
        contents = stack.contents()
        self._refuse_while_used(contents, stack.name, region)
        left = [
            *leftovers.of_stack(contents),
            *leftovers.of_others(
                self._foreign_parameters(contents, stack.name, region)
            ),
        ]
        self._announce(stack.name, region, account, contents, left)
        self._confirm(stack.name)
        self._delete(stack, contents, region)
        self._finish(left, region)

    def _refuse_while_used(
        self, contents: StackContents, stack: str, region: str
    ) -> None:
        """Refuse where roles of other stacks need what would go.

        Their callers would be let in by nobody, and the policy that they carry keeps
        CloudFormation from deleting it.
        """
        iam = self.aws.client("iam", region)
        own = {role.physical_id for role in contents.of_type(_ROLE)}
        using: dict[str, None] = {}
        for policy in contents.of_type(_POLICY):
            using.update(dict.fromkeys(_entities(iam, policy.physical_id)))
        pages = iam.get_paginator("list_roles").paginate(PathPrefix=f"/aikagi/{stack}/")
        using.update(
            dict.fromkeys(
                f"role {role['RoleName']}" for page in pages for role in page["Roles"]
            )
        )
        others = sorted(using.keys() - {f"role {name}" for name in own})
        if others:
            raise DeploymentError(
                f"Others use the broker of {stack}: {', '.join(others)}. Delete the "
                "stacks that bring them first (docs/another-stack.md), or detach what "
                "they carry of this one. Nothing was deleted."
            )

    def _foreign_parameters(
        self, contents: StackContents, stack: str, region: str
    ) -> list[str]:
        pages = (
            self.aws.client("ssm", region)
            .get_paginator("get_parameters_by_path")
            .paginate(Path=f"/aikagi/{stack}/", Recursive=True)
        )
        names = {entry["Name"] for page in pages for entry in page["Parameters"]}
        return sorted(names - contents.physical_ids)

    def _announce(
        self,
        stack: str,
        region: str,
        account: CallerIdentity,
        contents: StackContents,
        left: list[Leftover],
    ) -> None:
        going = len(contents.resources) - len(leftovers.of_stack(contents))
        self.terminal.say(
            f"The stack {stack} in {region}, account {account.account_id}: {going} "
            "resources go, and nobody can log in or call a function any more.",
            "These go as well, for good:" if self.everything else "These stay:",
            *(f"  {leftover.what}" for leftover in left),
        )

    def _confirm(self, stack: str) -> None:
        if self.confirmed:
            typed = self.confirmed
        elif self.terminal.interactive:
            typed = self.terminal.typed("Type the stack's name to go on: ")
        else:
            raise UsageError(
                f"Nobody is here to type the stack's name: CONFIRM={stack} does. "
                "Nothing was deleted."
            )
        if typed != stack:
            raise DeploymentError(
                f"{typed!r} is not {stack}. Nothing was deleted.", ExitCode.NOT_DONE
            )

    def _delete(self, stack: Stack, contents: StackContents, region: str) -> None:
        # Of a policy that has several versions IAM deletes none but the default one.
        iam = self.aws.client("iam", region)
        for policy in contents.of_type(_POLICY):
            for version in _other_versions(iam, policy.physical_id):
                iam.delete_policy_version(
                    PolicyArn=policy.physical_id, VersionId=version
                )
        if self.sam.delete(stack.name, region) or stack.state() is not None:
            raise DeploymentError(_what_stopped(stack, self.name))

    def _finish(self, left: list[Leftover], region: str) -> None:
        if not self.everything:
            self.terminal.say("", "What stayed is removed by these, for good:")
        for leftover in left:
            if not leftover.calls:
                self.terminal.say(f"  remove by hand: {leftover.what}")
            for call in leftover.calls:
                if self.everything:
                    call.make(self.aws.client(call.service, region))
                else:
                    self.terminal.say(f"  {call.as_command(region)}")
            if self.everything and leftover.calls:
                self.terminal.say(f"Removed {leftover.what}.")
        self.terminal.say(
            "",
            f"{self.file.path} stays, and so does the SAM CLI's own bucket (the stack "
            f"{_BUCKET_STACK}), which other projects use too.",
        )


def _entities(iam: Any, policy: str) -> list[str]:  # noqa: ANN401 - the types of this client are not installed
    """Name who carries a policy, or has it for a boundary."""
    found = []
    for usage in ("PermissionsPolicy", "PermissionsBoundary"):
        pages = iam.get_paginator("list_entities_for_policy").paginate(
            PolicyArn=policy, PolicyUsageFilter=usage
        )
        for page in pages:
            found += [f"role {role['RoleName']}" for role in page["PolicyRoles"]]
            found += [f"user {user['UserName']}" for user in page["PolicyUsers"]]
            found += [f"group {group['GroupName']}" for group in page["PolicyGroups"]]
    return found


def _other_versions(iam: Any, policy: str) -> list[str]:  # noqa: ANN401 - likewise
    listed = iam.list_policy_versions(PolicyArn=policy)["Versions"]
    return [
        version["VersionId"] for version in listed if not version["IsDefaultVersion"]
    ]


def _what_stopped(stack: Stack, environment: str) -> str:
    state = stack.state()
    if state is None:
        return "The SAM CLI failed, and has said why above; the stack is gone."
    stopped = [
        f"  {resource.logical_id}: {resource.reason}"
        for resource in stack.contents().resources
        if resource.status == "DELETE_FAILED"
    ]
    return "\n".join(
        [
            f"The stack is {state.status}, and not gone. {state.reason}".rstrip(),
            *stopped,
            f"When that is mended, make destroy ENV={environment} goes on.",
        ]
    )
