"""`make destroy`: what goes, what stays, and what stops it."""

import io
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import botocore.session
import pytest

from deployment import leftovers
from deployment.account import Aws
from deployment.commands import main
from deployment.destroy import DestroyCommand
from deployment.environment_file import EnvironmentFile
from deployment.errors import DeploymentError, ExitCode
from deployment.sam import Sam
from deployment.stack import StackContents, StackResource
from deployment.terminal import Terminal
from tests.deployment.cloudformation import CloudFormation, FakeStack
from tests.deployment.programs import Programs
from tests.template.stacks import translated

ARN: Final = "arn:aws:iam::123456789012:policy/aikagi-RevocationPolicy-X"
LAYER: Final = "arn:aws:lambda:ap-northeast-1:123456789012:layer:FunctionLayer:7"
PROCESSED: Final = {
    "Resources": {
        "UsersTable": {"DeletionPolicy": "Retain"},
        "BrokerLogs": {"DeletionPolicy": "Retain"},
        "Layer": {"DeletionPolicy": "Retain"},
        "Version": {"DeletionPolicy": "Retain"},
        "HttpApi": {},
        "RevocationPolicy": {},
        "InvokeRole": {},
        "Entry": {"DeletionPolicy": "Delete"},
    }
}


def resources(table: str = "aikagi-UsersTable-X") -> list[dict[str, str]]:
    rows = [
        ("UsersTable", "AWS::DynamoDB::Table", table),
        ("BrokerLogs", "AWS::Logs::LogGroup", "aikagi-BrokerLogs-X"),
        ("Layer", "AWS::Lambda::LayerVersion", LAYER),
        ("Version", "AWS::Lambda::Version", "arn:aws:lambda:…:function:broker:3"),
        ("HttpApi", "AWS::ApiGatewayV2::Api", "abc123"),
        ("RevocationPolicy", "AWS::IAM::ManagedPolicy", ARN),
        ("InvokeRole", "AWS::IAM::Role", "aikagi-InvokeRole-X"),
        ("Entry", "AWS::SSM::Parameter", "/aikagi/aikagi/functions/hello"),
    ]
    return [
        {
            "LogicalResourceId": logical_id,
            "ResourceType": type_,
            "PhysicalResourceId": physical_id,
        }
        for logical_id, type_, physical_id in rows
    ]


@pytest.fixture
def deployed(cloudformation: CloudFormation) -> FakeStack:
    stack = FakeStack(name="aikagi", processed=PROCESSED, resources=resources())
    cloudformation.stacks["aikagi"] = stack
    cloudformation.carriers[ARN] = ["aikagi-InvokeRole-X"]
    cloudformation.roles = {"aikagi-InvokeRole-X": "/", "else": "/aikagi/another/"}
    cloudformation.versions[ARN] = ["v1", "v4", "v5"]
    return stack


@pytest.fixture
def destroy(
    tmp_path: Path, programs: Programs, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    def run(*options: str) -> tuple[int, str]:
        words = ["destroy", "--checkout", str(tmp_path), "--sam", "sam"]
        code = main([*words, "--make", "make", "--yes", *options])
        streams = capfd.readouterr()
        return code, streams.out + streams.err

    return run


def test_the_stack_goes_and_what_stays_is_named_with_the_commands_that_remove_it(
    destroy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
    deployed: FakeStack,
):
    code, said = destroy("--confirm", "aikagi")

    assert code == ExitCode.DONE
    assert "aikagi" not in cloudformation.stacks
    assert [(call.name, call.arguments[-1]) for call in programs.calls] == [
        ("make", ".tools/sam/.installed"),
        ("sam", "--no-prompts"),
    ]
    assert "5 resources go" in said
    table, log = "aikagi-UsersTable-X", "aikagi-BrokerLogs-X"
    layer = "--layer-name FunctionLayer --version-number 7"
    for line in (
        f"dynamodb update-table --table-name {table} --no-deletion-protection-enabled",
        f"dynamodb delete-table --table-name {table}",
        f"logs delete-log-group --log-group-name {log}",
        f"lambda delete-layer-version {layer}",
    ):
        assert f"  aws {line} --region ap-northeast-1\n" in said
    assert cloudformation.removed == []


def test_versions_that_revocations_have_made_are_deleted_before_the_policy(
    destroy: Callable[..., tuple[int, str]],
    cloudformation: CloudFormation,
    deployed: FakeStack,
):
    destroy("--confirm", "aikagi")

    assert cloudformation.versions[ARN] == ["v5"]
    asked = cloudformation.asked
    assert asked.index("DeletePolicyVersion") < asked.index("DeleteStack")


@pytest.mark.parametrize(
    "others",
    [
        pytest.param({"carriers": {ARN: ["reports-InvokeRole-Y"]}}, id="a policy"),
        pytest.param(
            {"roles": {"reports-InvokeRole-Y": "/aikagi/aikagi/"}}, id="the path"
        ),
    ],
)
def test_what_roles_of_other_stacks_use_is_not_destroyed(
    destroy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
    deployed: FakeStack,
    others: dict[str, Any],
):
    for name, value in others.items():
        setattr(cloudformation, name, value)

    code, said = destroy("--confirm", "aikagi")

    assert code == ExitCode.NOT_DONE
    assert "role reports-InvokeRole-Y" in said
    assert "aikagi-InvokeRole-X" not in said
    assert "Nothing was deleted." in said
    assert programs.calls == []
    assert cloudformation.versions[ARN] == ["v1", "v4", "v5"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param([], "CONFIRM=aikagi does", id="nobody there"),
        pytest.param(["--confirm", "aikag"], "'aikag' is not aikagi", id="mistyped"),
    ],
)
def test_without_the_stacks_name_nothing_is_deleted(
    destroy: Callable[..., tuple[int, str]],
    programs: Programs,
    cloudformation: CloudFormation,
    deployed: FakeStack,
    options: list[str],
    sentence: str,
):
    code, said = destroy(*options)

    assert code in {ExitCode.NOT_DONE, ExitCode.USAGE}
    assert sentence in said
    assert "Nothing was deleted." in said
    assert programs.calls == []
    assert cloudformation.versions[ARN] == ["v1", "v4", "v5"]


@pytest.mark.parametrize(("typed", "gone"), [("aikagi", True), ("yes", False)])
def test_somebody_at_a_terminal_types_the_name_of_the_stack(
    tmp_path: Path,
    programs: Programs,
    cloudformation: CloudFormation,
    deployed: FakeStack,
    *,
    typed: str,
    gone: bool,
):
    written = io.StringIO()
    destruction = DestroyCommand(
        name="default",
        file=EnvironmentFile(tmp_path, "default"),
        confirmed="",
        everything=False,
        aws=Aws(),
        sam=Sam(program=["sam"], build=["make"], install=["make"], folder=tmp_path),
        terminal=Terminal(
            interactive=True, read=io.StringIO(f"{typed}\n"), write=written
        ),
    )

    try:
        destruction.run()
    except DeploymentError as error:
        assert "Nothing was deleted" in str(error)  # noqa: PT017 - one of two outcomes

    assert ("aikagi" not in cloudformation.stacks) is gone
    # What is lost is said before the question.
    said = written.getvalue()
    assert said.index("These stay:") < said.index("Type the stack's name")


def test_a_deletion_that_stops_names_what_stopped_it(
    destroy: Callable[..., tuple[int, str]],
    cloudformation: CloudFormation,
    deployed: FakeStack,
):
    cloudformation.undeletable = "DeleteConflict: still attached"

    code, said = destroy("--confirm", "aikagi")

    assert code == ExitCode.NOT_DONE
    assert "The stack is DELETE_FAILED" in said
    assert "RevocationPolicy: DeleteConflict: still attached" in said
    assert "make destroy ENV=default goes on" in said
    assert "What stayed" not in said


def test_a_stack_that_there_is_not_is_told(
    destroy: Callable[..., tuple[int, str]], cloudformation: CloudFormation
):
    code, said = destroy("--environment", "staging", "--confirm", "aikagi-staging")

    assert code == ExitCode.NOT_DONE
    assert "There is no stack aikagi-staging in ap-northeast-1" in said


def test_credentials_of_another_account_destroy_nothing(
    destroy: Callable[..., tuple[int, str]],
    tmp_path: Path,
    programs: Programs,
    deployed: FakeStack,
):
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "default.toml").write_text('account = "210987654321"')

    code, said = destroy("--confirm", "aikagi")

    assert code == ExitCode.USAGE
    assert "says 210987654321" in said
    assert programs.calls == []


def test_without_credentials_nothing_is_destroyed(
    destroy: Callable[..., tuple[int, str]], programs: Programs, no_aws: None
):
    code, said = destroy("--confirm", "aikagi")

    assert code == ExitCode.LOGIN
    assert "There are no AWS credentials" in said
    assert programs.calls == []


# Everything


def test_everything_removes_what_the_stack_leaves_behind(
    destroy: Callable[..., tuple[int, str]],
    cloudformation: CloudFormation,
    deployed: FakeStack,
):
    own, others = "/aikagi/aikagi/functions/hello", "/aikagi/aikagi/functions/orders"
    elsewhere = "/aikagi/aikagi-staging/functions/hello"
    cloudformation.names = [own, others, elsewhere]
    cloudformation.tables = {"aikagi-UsersTable-X": True, "aikagi-UsersTable-Y": True}

    code, said = destroy("--confirm", "aikagi", "--everything")

    assert code == ExitCode.DONE, said
    assert cloudformation.tables == {"aikagi-UsersTable-Y": True}
    assert cloudformation.names == [own, elsewhere]
    assert cloudformation.removed == [
        "aikagi-BrokerLogs-X",
        "FunctionLayer/versions/7",
    ]
    assert "These go as well, for good:" in said
    assert f"Removed the parameter {others}, which another stack" in said


def test_what_others_have_written_below_the_stacks_path_is_named(
    destroy: Callable[..., tuple[int, str]],
    cloudformation: CloudFormation,
    deployed: FakeStack,
):
    cloudformation.names = ["/aikagi/aikagi/issuers/okta"]

    _, said = destroy("--confirm", "aikagi")

    assert (
        "  aws ssm delete-parameter --name /aikagi/aikagi/issuers/okta "
        "--region ap-northeast-1\n" in said
    )
    assert cloudformation.names == ["/aikagi/aikagi/issuers/okta"]


def test_everything_that_the_template_keeps_can_be_removed():
    """Each type that has a deletion policy is one whose removal is known."""
    kept = [
        StackResource(
            logical_id=logical_id,
            type=resource["Type"],
            physical_id=LAYER,
            status="CREATE_COMPLETE",
        )
        for logical_id, resource in translated()["Resources"].items()
        if resource.get("DeletionPolicy", "Delete") != "Delete"
    ]
    contents = StackContents(
        resources=tuple(kept), retained=frozenset(one.logical_id for one in kept)
    )

    found = leftovers.of_stack(contents)
    assert found
    assert [leftover.what for leftover in found if not leftover.calls] == []


def test_every_call_that_removes_something_is_one_of_aws():
    session = botocore.session.get_session()
    contents = StackContents(
        resources=tuple(
            StackResource(
                logical_id=row["LogicalResourceId"],
                type=row["ResourceType"],
                physical_id=row["PhysicalResourceId"],
                status="CREATE_COMPLETE",
            )
            for row in resources()
        ),
        retained=frozenset({"UsersTable", "BrokerLogs", "Layer"}),
    )
    calls = [
        call
        for leftover in (*leftovers.of_stack(contents), *leftovers.of_others(["/x"]))
        for call in leftover.calls
    ]

    assert len(calls) == 5
    for call in calls:
        model = session.get_service_model(call.service)
        (operation,) = [
            name
            for name in model.operation_names
            if name.lower() == call.operation.replace("_", "")
        ]
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        assert call.arguments.keys() <= shape.members.keys()
        assert set(shape.required_members) <= call.arguments.keys()
        assert shlex.split(call.as_command("eu-west-1"))[0] == "aws"


def test_what_nobody_knows_how_to_remove_is_left_to_its_owner():
    contents = StackContents(
        resources=(
            StackResource(
                logical_id="Bucket",
                type="AWS::S3::Bucket",
                physical_id="photographs",
                status="CREATE_COMPLETE",
            ),
        ),
        retained=frozenset({"Bucket"}),
    )

    (found,) = leftovers.of_stack(contents)
    assert found.what == "photographs, an AWS::S3::Bucket"
    assert found.calls == ()
