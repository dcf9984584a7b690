"""``make deploy``: the first deployment and every update."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from deployment.account import Aws, CallerIdentity
from deployment.domain_rules import check_domain
from deployment.environment_file import Environment, EnvironmentFile, check_region
from deployment.errors import DeploymentError, ExitCode, UsageError
from deployment.sam import Sam
from deployment.stack import Stack, StackState, refuse_unless_ready
from deployment.template_parameters import TemplateParameter, check_values
from deployment.terminal import Terminal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DeployCommand:
    """What it takes. ``given`` are values of this one command, which are remembered."""

    name: str
    file: EnvironmentFile
    parameters: Mapping[str, TemplateParameter]
    given: Mapping[str, str]
    aws: Aws
    sam: Sam
    terminal: Terminal

    def run(self) -> None:
        """Deploy, or raise ``DeploymentError`` or what botocore raises."""
        before = self.file.read()
        account = self._account(before)
        # Whatever is wrong is said before the first question.
        check_values(self.parameters, before.parameters, str(self.file.path))
        check_values(self.parameters, self.given, "PARAMETERS")
        region = self._region(before)
        stack = Stack(self.aws.client("cloudformation", region), before.stack)
        state = stack.state()
        refuse_unless_ready(state, self.name)
        self._remember(before, account, region, state)
        values = self.file.read().parameters
        check_domain(self._effective(values, state), region=region)
        self.terminal.say(
            f"Deploying {stack.name} in {region}, account {account.account_id}, as "
            f"{account.arn}."
        )
        if failed := self.sam.build():
            raise DeploymentError(
                "The build did not end well; nothing was deployed.", _code_of(failed)
            )
        failed = self.sam.deploy(
            stack.name, region, values, ask=self.terminal.interactive
        )
        self._report(stack, region, before=state, failed=failed)

    def _account(self, environment: Environment) -> CallerIdentity:
        account = self.aws.caller_identity(environment.region or self.aws.region)
        if environment.account not in {None, account.account_id}:
            raise UsageError(
                f"The credentials are of the account {account.account_id}, and "
                f"{self.file.path} says {environment.account}. Nothing was done."
            )
        return account

    def _region(self, environment: Environment) -> str:
        region = environment.region or self.aws.region
        if region is None and not self.terminal.interactive:
            raise UsageError(
                f'No Region is named: write region = "eu-west-1" into '
                f"{self.file.path}, or set AWS_REGION."
            )
        if region is None:
            region = self.terminal.ask(
                "In which Region of AWS (such as eu-west-1)", check_region
            )
        check_region(region)
        return region

    def _remember(
        self,
        before: Environment,
        account: CallerIdentity,
        region: str,
        state: StackState | None,
    ) -> None:
        """Write down each answer when it is there: whoever stops asks nothing twice."""
        self.file.create(self.parameters)
        if before.region is None:
            self.file.set("region", region)
        if before.account is None:
            self.file.set("account", account.account_id)
        self.file.set_parameters(self.given)
        deployed = state.parameters if state else {}
        known = {**deployed, **before.parameters, **self.given}
        for parameter in self.parameters.values():
            if parameter.default is None and parameter.name not in known:
                if not self.terminal.interactive:
                    raise UsageError(
                        f"{parameter.name} has no default: write it into "
                        f"{self.file.path}, or PARAMETERS='{parameter.name}=…'."
                    )
                self.terminal.say(parameter.description)
                answer = self.terminal.ask(parameter.name, parameter.check)
                self.file.set_parameters({parameter.name: answer})
        if not before.parameters and not state:
            self.terminal.say(f"{self.file.path} has every parameter, to be edited.")

    def _effective(
        self, values: Mapping[str, str], state: StackState | None
    ) -> dict[str, str]:
        """Give the values that the stack will have."""
        defaults = {
            name: parameter.default or "" for name, parameter in self.parameters.items()
        }
        deployed = state.parameters if state else {}
        return {**defaults, **deployed, **values}

    def _report(
        self, stack: Stack, region: str, *, before: StackState | None, failed: int
    ) -> None:
        after = stack.state()
        if after is None:
            stack.forget_review()
        if failed:
            sentence = what_failed(after, before, self.name)
            raise DeploymentError(sentence, _code_of(failed))
        if after is None:
            self.terminal.say("", "Nothing was deployed.")
            return
        # After the first deployment, and again after each: another may have lifted it.
        stack.protect()
        if before is not None and after.changed_at == before.changed_at:
            self.terminal.say("", "Nothing was changed.")
        self.terminal.say("", f"The outputs of {stack.name}:")
        self.terminal.table(sorted(after.outputs.items()))
        self.terminal.say("", *_next_commands(after.outputs, stack.name, region))


def _code_of(failed: int) -> ExitCode:
    interrupted = failed == ExitCode.INTERRUPTED
    return ExitCode.INTERRUPTED if interrupted else ExitCode.NOT_DONE


def what_failed(
    after: StackState | None, before: StackState | None, environment: str
) -> str:
    """Say what is there now, after the SAM CLI ended with an error."""
    if after is None:
        return "Nothing was deployed; the SAM CLI has said above what stopped it."
    if before is not None and after.changed_at == before.changed_at:
        return (
            "Nothing was changed; the SAM CLI has said above what stopped it. The "
            f"stack is {after.status}."
        )
    if after.status.endswith("_IN_PROGRESS"):
        return (
            f"The stack is {after.status}: CloudFormation goes on by itself, whatever "
            f"was interrupted here. make deploy ENV={environment} says how it ended."
        )
    if after.status == "UPDATE_ROLLBACK_COMPLETE":
        return (
            "The update failed and was rolled back: what was deployed before runs on. "
            "The events above name what failed."
        )
    return (
        f"The deployment failed; the stack is {after.status}. The events above name "
        f"what failed. make deploy ENV={environment} says what can be done."
    )


_FIRST_PERSON: Final = "alice"


def _next_commands(outputs: Mapping[str, str], stack: str, region: str) -> list[str]:
    url, table = outputs.get("GrantApiUrl"), outputs.get("UsersTableName")
    if not url or not table:
        return []
    return [
        "Add the first person (the password is asked for):",
        f"  AWS_REGION={region} AIKAGI_USERS_TABLE={table} \\",
        f"    .venv/bin/python -m app.admin users add {_FIRST_PERSON} --group everyone",
        "Then try what was deployed, and log in:",
        f"  make smoke BROKER={url} USER={_FIRST_PERSON} STACK={stack}",
        f"  {url}",
    ]
