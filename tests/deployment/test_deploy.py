"""`make deploy`, from the first question to the commands that come next."""

import io
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from deployment.account import Aws
from deployment.commands import main
from deployment.deploy import DeployCommand, what_failed
from deployment.environment_file import EnvironmentFile
from deployment.errors import DeploymentError, ExitCode, UsageError
from deployment.sam import Sam
from deployment.stack import IRREPLACEABLE, StackState, refuse_unless_ready
from deployment.template_parameters import TemplateParameter, read_parameters
from deployment.terminal import Terminal
from tests.deployment.cloudformation import CloudFormation, FakeStack
from tests.deployment.programs import Programs
from tests.fakes import NOON
from tests.stack import ROOT, Stack
from tests.template.stacks import translated

TEMPLATE: Final = ROOT / "template.yaml"
_PROGRAMS: Final = ("--sam", "sam", "--make", "make")
DEPLOYED: Final = {"Docs": "true", "LogLevel": "INFO"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "template.yaml").symlink_to(TEMPLATE)
    return folder


@pytest.fixture
def deploy(
    checkout: Path, programs: Programs, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run the command unattended; give its exit code and all that it wrote."""

    def run(*options: str) -> tuple[int, str]:
        code = main(
            ["deploy", "--checkout", str(checkout), *_PROGRAMS, "--yes", *options]
        )
        streams = capfd.readouterr()
        return code, streams.out + streams.err

    return run


def answering(
    checkout: Path,
    *answers: str,
    parameters: Mapping[str, TemplateParameter] | None = None,
    interactive: bool = True,
) -> tuple[DeployCommand, io.StringIO]:
    """Give a deployment at a terminal where somebody types ``answers``."""
    written = io.StringIO()
    typed = io.StringIO("".join(f"{answer}\n" for answer in answers))
    deployment = DeployCommand(
        name="default",
        file=EnvironmentFile(checkout / "environments", "default"),
        parameters=read_parameters(TEMPLATE) if parameters is None else parameters,
        given={},
        # The emulator's STS is that of its own Region alone.
        aws=Aws(without_region="ap-northeast-1"),
        sam=Sam(
            program=["sam"],
            build=["make", "build"],
            install=["make", "install"],
            folder=checkout,
        ),
        terminal=Terminal(interactive=interactive, read=typed, write=written),
    )
    return deployment, written


def file_of(checkout: Path, name: str = "default") -> dict[str, Any]:
    return tomllib.loads((checkout / "environments" / f"{name}.toml").read_text())


# The first deployment, and the next


def test_a_first_deployment_builds_deploys_and_says_what_comes_next(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
):
    code, said = deploy()

    assert code == ExitCode.DONE
    assert [(call.name, call.arguments[0]) for call in programs.calls] == [
        ("make", "--no-print-directory"),
        ("sam", "deploy"),
    ]
    assert programs.calls[0].arguments[-1] == "build"
    assert cloudformation.stacks["aikagi"].status == "CREATE_COMPLETE"
    for name, value in cloudformation.outputs.items():
        assert name in said
        assert value in said
    assert "AIKAGI_USERS_TABLE=aikagi-UsersTable-X" in said
    assert "python -m app.admin users add" in said
    url = cloudformation.outputs["GrantApiUrl"]
    assert f"make smoke BROKER={url} USER=alice STACK=aikagi\n" in said


def test_the_sam_cli_is_told_everything_and_asks_nothing(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
):
    deploy("--environment", "staging")

    (call,) = programs.named("sam")
    assert call.arguments == [
        "deploy",
        *("--stack-name", "aikagi-staging"),
        *("--region", "ap-northeast-1"),
        "--resolve-s3",
        *("--s3-prefix", "aikagi-staging"),
        *("--capabilities", "CAPABILITY_IAM"),
        "--no-fail-on-empty-changeset",
        "--no-confirm-changeset",
    ]
    assert call.folder == str(checkout)
    assert call.variables["SAM_CLI_TELEMETRY"] == "0"


def test_an_update_gives_what_the_file_says_and_leaves_the_rest_as_it_is(
    deploy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
):
    deploy("--parameters", "Docs=false AllowedOrigins=https://a.example")
    deploy("--parameters", "LogLevel=DEBUG AllowedOrigins=")

    assert [call.parameters for call in programs.named("sam")] == [
        {"Docs": "false", "AllowedOrigins": "https://a.example"},
        {"Docs": "false", "AllowedOrigins": "", "LogLevel": "DEBUG"},
    ]


def test_what_was_answered_and_given_is_in_the_file_and_is_not_asked_again(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    cloudformation: CloudFormation,
):
    deploy("--parameters", "Docs=false 'SummariseModelId=amazon.nova-lite-v1:0'")

    assert file_of(checkout) == {
        "stack": "aikagi",
        "region": "ap-northeast-1",
        "account": "123456789012",
        "parameters": {"Docs": "false", "SummariseModelId": "amazon.nova-lite-v1:0"},
    }


def test_the_file_of_an_environment_lists_every_parameter_with_its_description(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    cloudformation: CloudFormation,
):
    deploy("--environment", "staging")

    text = (checkout / "environments" / "staging.toml").read_text()
    joined = " ".join(line.removeprefix("# ") for line in text.splitlines())
    for name, parameter in read_parameters(TEMPLATE).items():
        assert f'\n# {name} = "{parameter.default}"\n' in text
        assert parameter.description in joined


def test_environments_stand_beside_each_other(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
):
    deploy("--environment", "staging", "--parameters", "Docs=false")
    deploy("--environment", "production")

    assert [call.parameters for call in programs.named("sam")] == [
        {"Docs": "false"},
        {},
    ]
    assert {"aikagi-staging", "aikagi-production"} <= cloudformation.stacks.keys()
    assert file_of(checkout, "production")["parameters"] == {}


def test_no_update_replaces_or_deletes_what_could_not_be_made_again(
    deploy: Callable[..., tuple[int, str]], cloudformation: CloudFormation
):
    deploy()

    policy = json.loads(cloudformation.stacks["aikagi"].policy)
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": ["Update:Replace", "Update:Delete"],
            "Principal": "*",
            "Resource": [f"LogicalResourceId/{name}" for name in IRREPLACEABLE],
        },
    ]


def test_what_could_not_be_made_again_is_whatever_the_template_keeps_or_holds_data_in():
    resources = translated()["Resources"]
    kept = {
        logical_id
        for logical_id, resource in resources.items()
        if resource.get("DeletionPolicy", "Delete") != "Delete"
        # Of these each update makes another by design.
        and not resource["Type"].startswith("AWS::Lambda::")
    }
    changed_in_use = {
        logical_id
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::SecretsManager::Secret"
    }

    assert kept
    assert changed_in_use
    # The revocation policy is the one policy that something else writes versions of.
    assert set(IRREPLACEABLE) == kept | changed_in_use | {"RevocationPolicy"}
    assert set(IRREPLACEABLE) <= resources.keys()


# Before anything is built


def test_a_value_that_cannot_be_is_refused_before_anything_is_built(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
):
    code, said = deploy("--parameters", "AllowedOrigins=https://a.example/")

    assert code == ExitCode.USAGE
    assert "PARAMETERS: AllowedOrigins cannot be 'https://a.example/'" in said
    assert programs.calls == []
    assert not (checkout / "environments").exists()


def test_values_that_do_not_go_together_are_refused_before_anything_is_built(
    deploy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
):
    code, said = deploy("--parameters", "DomainName=a.example.com")

    assert code == ExitCode.USAGE
    assert "DomainName needs CertificateArn" in said
    assert programs.calls == []


def test_a_domain_may_rest_on_what_is_deployed_already(
    deploy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
):
    cloudformation.stacks["aikagi"] = FakeStack(
        name="aikagi",
        parameters={
            "DomainName": "a.example.com",
            "CertificateArn": ("arn:aws:acm:ap-northeast-1:123456789012:certificate/1"),
        },
    )

    code, _ = deploy("--parameters", "DisableExecuteApiEndpoint=true")

    assert code == ExitCode.DONE
    assert len(programs.named("sam")) == 1


def test_a_value_in_the_file_that_cannot_be_is_refused_with_the_name_of_the_file(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
):
    (checkout / "environments").mkdir()
    file = checkout / "environments" / "staging.toml"
    file.write_text('[parameters]\nDocs = "perhaps"\n')

    code, said = deploy("--environment", "staging")

    assert code == ExitCode.USAGE
    assert f"{file}: Docs cannot be 'perhaps': it is one of true, false." in said
    assert programs.calls == []


def test_credentials_of_another_account_than_the_files_deploy_nothing(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
):
    (checkout / "environments").mkdir()
    file = checkout / "environments" / "default.toml"
    file.write_text('account = "210987654321"\n')

    code, said = deploy()

    assert code == ExitCode.USAGE
    assert "of the account 123456789012" in said
    assert "says 210987654321" in said
    assert programs.calls == []


def test_without_a_region_and_without_anybody_to_ask_it_says_where_to_write_it(
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    deployment, _ = answering(checkout, "ap-northeast-1", interactive=False)

    with pytest.raises(UsageError, match="No Region is named"):
        deployment.run()

    assert programs.calls == []


def test_the_region_is_that_of_aws_region_as_for_every_other_sdk(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    cloudformation: CloudFormation,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    deploy()

    assert file_of(checkout)["region"] == "ap-northeast-1"


# Questions


def test_the_region_is_asked_for_where_nothing_names_it_until_it_is_one(
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    deployment, written = answering(checkout, "Tokyo", "ap-northeast-1")
    programs.answer("make", 1)

    with pytest.raises(DeploymentError, match="The build did not end well"):
        deployment.run()

    assert written.getvalue().count("In which Region of AWS") == 2
    assert "it is a Region, such as eu-west-1" in written.getvalue()
    assert file_of(checkout)["region"] == "ap-northeast-1"


def test_a_parameter_without_a_default_is_asked_for_until_it_is_allowed(
    checkout: Path, programs: Programs, cloudformation: CloudFormation
):
    parameter = TemplateParameter(
        name="Address",
        rules={
            "Type": "String",
            "AllowedPattern": ".+@.+",
            "Description": "Whom alarms are sent to.",
            "ConstraintDescription": "an address",
        },
    )
    programs.answer("make", 1)
    asked = []
    for _ in range(2):
        deployment, written = answering(
            checkout, "me", "me@example.com", parameters={"Address": parameter}
        )
        with pytest.raises(DeploymentError, match="The build did not end well"):
            deployment.run()
        asked.append(written.getvalue().count("Address: "))
        assert ("Whom alarms are sent to." in written.getvalue()) is bool(asked[-1])

    assert asked == [2, 0]
    assert file_of(checkout)["parameters"] == {"Address": "me@example.com"}


def test_a_parameter_without_a_default_is_told_where_nobody_can_be_asked(
    checkout: Path, programs: Programs, cloudformation: CloudFormation
):
    parameter = TemplateParameter(name="Address", rules={"Type": "String"})
    deployment, _ = answering(
        checkout, "me", parameters={"Address": parameter}, interactive=False
    )

    with pytest.raises(UsageError, match="Address has no default: write it into"):
        deployment.run()

    assert programs.calls == []
    assert file_of(checkout)["parameters"] == {}


def test_whoever_stops_at_a_question_has_lost_no_answer(
    checkout: Path, programs: Programs, cloudformation: CloudFormation
):
    parameters = {
        name: TemplateParameter(name=name, rules={"Type": "String", "MinLength": 1})
        for name in ("One", "Other")
    }
    deployment, _ = answering(checkout, "first", parameters=parameters)

    with pytest.raises(DeploymentError, match="Nothing was answered"):
        deployment.run()

    assert file_of(checkout)["parameters"] == {"One": "first"}
    assert programs.calls == []


def test_somebody_at_a_terminal_is_shown_the_change_set_and_asked(
    checkout: Path, programs: Programs, cloudformation: CloudFormation
):
    programs.answer("sam", 1)
    deployment, _ = answering(checkout)

    with pytest.raises(DeploymentError, match="Nothing was deployed"):
        deployment.run()

    (call,) = programs.named("sam")
    assert "--confirm-changeset" in call.arguments
    assert "--no-confirm-changeset" not in call.arguments


# What it comes to


def test_an_update_of_nothing_says_so(
    deploy: Callable[..., tuple[int, str]], cloudformation: CloudFormation
):
    cloudformation.stacks["aikagi"] = FakeStack(
        name="aikagi", parameters=DEPLOYED, outputs=cloudformation.outputs
    )

    unchanged = cloudformation.stacks["aikagi"].changed_at
    cloudformation.answer = _without_execution(cloudformation)  # type: ignore[method-assign]

    code, said = deploy()

    assert code == ExitCode.DONE
    assert "Nothing was changed." in said
    assert cloudformation.stacks["aikagi"].changed_at == unchanged


def test_a_first_change_set_that_was_refused_leaves_nothing_behind(
    deploy: Callable[..., tuple[int, str]], cloudformation: CloudFormation
):
    cloudformation.answer = _without_execution(cloudformation)  # type: ignore[method-assign]

    code, said = deploy()

    assert code == ExitCode.DONE
    assert "Nothing was deployed." in said
    assert "aikagi" not in cloudformation.stacks


def _without_execution(fake: CloudFormation) -> Callable[..., Any]:
    answer = fake.answer

    def without(action: str, query: Mapping[str, str]) -> Any:
        return {} if action == "ExecuteChangeSet" else answer(action, query)

    return without


def test_a_deployment_that_failed_says_what_is_there_now(
    deploy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
):
    cloudformation.stacks["aikagi"] = FakeStack(name="aikagi", parameters=DEPLOYED)
    programs.answer("sam", 1)
    answer, described = cloudformation.answer, 0

    def changing(action: str, query: Mapping[str, str]) -> Any:
        """Let the stack have been rolled back when it is described again."""
        nonlocal described
        described += action == "DescribeStacks"
        if described == 2:
            stack = cloudformation.stacks["aikagi"]
            stack.status = "UPDATE_ROLLBACK_COMPLETE"
            stack.changed_at = stack.changed_at.replace(year=2030)
        return answer(action, query)

    cloudformation.answer = changing  # type: ignore[method-assign]

    code, said = deploy()

    assert code == ExitCode.NOT_DONE
    assert "what was deployed before runs on" in said


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (None, "Nothing was deployed"),
        ("UPDATE_ROLLBACK_COMPLETE", "what was deployed before runs on"),
        ("UPDATE_IN_PROGRESS", "CloudFormation goes on by itself"),
        ("ROLLBACK_COMPLETE", "make deploy ENV=staging says what can be done"),
    ],
)
def test_every_end_of_a_failed_deployment_is_explained(
    status: str | None, sentence: str
):
    assert sentence in what_failed(a_state(status) if status else None, None, "staging")


def test_a_failure_that_changed_nothing_says_so():
    state = a_state("CREATE_COMPLETE")

    assert "Nothing was changed" in what_failed(state, state, "staging")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("CREATE_IN_PROGRESS", "Wait until it is done"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "Wait until it is done"),
        ("CREATE_FAILED", "make destroy ENV=staging"),
        ("ROLLBACK_FAILED", "make destroy ENV=staging"),
        ("DELETE_FAILED", "make destroy ENV=staging"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
    ],
)
def test_a_stack_in_every_state_that_takes_no_update_is_refused_with_advice(
    status: str, advice: str
):
    with pytest.raises(DeploymentError) as refused:
        refuse_unless_ready(a_state(status), "staging")

    assert status in str(refused.value)
    assert advice in str(refused.value)


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]
)
def test_a_stack_that_stands_takes_an_update(status: str):
    refuse_unless_ready(a_state(status), "staging")
    refuse_unless_ready(None, "staging")


def a_state(status: str) -> StackState:
    return StackState(
        status=status,
        reason="a reason",
        changed_at=NOON,
        outputs={},
        parameters={},
    )


def test_a_build_that_fails_deploys_nothing(
    deploy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
):
    programs.answer("make", 2)

    code, said = deploy()

    assert code == ExitCode.NOT_DONE
    assert "nothing was deployed" in said
    assert programs.named("sam") == []


def test_a_stack_that_takes_no_update_is_told_before_anything_is_built(
    deploy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
):
    cloudformation.stacks["aikagi"] = FakeStack(
        name="aikagi", status="ROLLBACK_COMPLETE", reason="the role is not there"
    )

    code, said = deploy()

    assert code == ExitCode.NOT_DONE
    assert "The stack is ROLLBACK_COMPLETE" in said
    assert "the role is not there" in said
    assert programs.calls == []


# Credentials


def test_without_credentials_nothing_is_asked_written_or_built(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    programs: Programs,
    no_aws: None,
):
    code, said = deploy()

    assert code == ExitCode.LOGIN
    assert "There are no AWS credentials" in said
    assert "aws configure sso" in said
    assert programs.calls == []
    assert not (checkout / "environments").exists()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        pytest.param(
            "AWS_ACCESS_KEY_ID",
            "AKIAIOSFODNN7EXAMPLE",
            "AWS does not know the access key AKIAIOSFODNN7EXAMPLE",
            id="unknown",
        ),
        pytest.param(
            "AWS_SECRET_ACCESS_KEY",
            "another",
            "The secret access key is not that of the access key",
            id="a wrong secret",
        ),
        pytest.param(
            "AWS_PROFILE", "nobody", "AWS_PROFILE names it", id="no such profile"
        ),
        pytest.param(
            "AWS_ENDPOINT_URL_STS",
            "http://127.0.0.1:9",
            "cannot be reached",
            id="no way there",
        ),
    ],
)
def test_wrong_credentials_are_explained_before_anything_else(
    deploy: Callable[..., tuple[int, str]],
    checkout: Path,
    programs: Programs,
    operator: Stack,
    monkeypatch: pytest.MonkeyPatch,
    *,
    variable: str,
    value: str,
    sentence: str,
):
    monkeypatch.setenv(variable, value)

    code, said = deploy()

    assert code in {ExitCode.LOGIN, ExitCode.USAGE, ExitCode.UNREACHABLE}
    assert sentence in said
    assert operator.operator["AWS_SECRET_ACCESS_KEY"] not in said
    assert programs.calls == []
    assert not (checkout / "environments").exists()
