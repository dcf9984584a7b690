"""`python -m deployment` at a terminal, as somebody meets it who has never deployed."""

import os
from pathlib import Path
from typing import Final

import pytest

from deployment.errors import ExitCode
from tests.deployment.cloudformation import CloudFormation, FakeStack
from tests.deployment.programs import Programs
from tests.stack import ROOT
from tests.terminal import Terminal

_WORDS: Final = ("--sam", "sam", "--make", "make")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "template.yaml").symlink_to(ROOT / "template.yaml")
    return folder


def at_terminal(
    checkout: Path, programs: Programs, variables: dict[str, str], command: str
) -> Terminal:
    return Terminal(
        checkout,
        *(command, "--checkout", str(checkout), *_WORDS),
        module="deployment",
        columns=80,
        **{
            "PATH": f"{programs.folder}:/usr/bin:/bin",
            "HOME": str(checkout),
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "*",
            **variables,
        },
    )


@pytest.fixture
def variables(cloudformation: CloudFormation) -> dict[str, str]:
    """The operator's, as the fixture has put them into this process."""
    return {name: text for name, text in os.environ.items() if name.startswith("AWS_")}


def test_a_newcomer_without_credentials_is_told_before_the_first_question(
    checkout: Path, programs: Programs
):
    terminal = at_terminal(checkout, programs, {}, "deploy")

    assert terminal.finish() == ExitCode.LOGIN
    assert terminal.seen.startswith("There are no AWS credentials")
    assert programs.calls == []
    assert not (checkout / "environments").exists()


def test_the_change_set_is_shown_and_executed_after_a_yes(
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
    variables: dict[str, str],
):
    terminal = at_terminal(checkout, programs, variables, "deploy")
    terminal.wait_for("Deploy this changeset?")
    terminal.type("y")

    assert terminal.finish() == ExitCode.DONE
    assert cloudformation.stacks["aikagi"].status == "CREATE_COMPLETE"
    assert "GrantApiUrl" in terminal.seen
    assert "environments/default.toml has every parameter" in terminal.seen


@pytest.mark.parametrize("program", ["make", "sam"])
def test_after_ctrl_c_nothing_is_deployed_and_no_answer_is_lost(
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
    variables: dict[str, str],
    program: str,
):
    programs.answer(program, "wait")
    terminal = at_terminal(checkout, programs, variables, "deploy")
    terminal.wait_for("waiting")
    terminal.press_ctrl_c()

    assert terminal.finish() == ExitCode.INTERRUPTED
    assert "Traceback" not in terminal.seen
    assert "othing was deployed" in terminal.seen
    assert "aikagi" not in cloudformation.stacks
    assert (
        'region = "ap-northeast-1"'
        in (checkout / "environments" / "default.toml").read_text()
    )


def test_ctrl_c_at_a_question_changes_nothing(
    checkout: Path,
    programs: Programs,
    cloudformation: CloudFormation,
    variables: dict[str, str],
):
    cloudformation.stacks["aikagi"] = FakeStack(name="aikagi")
    terminal = at_terminal(checkout, programs, variables, "destroy")
    terminal.wait_for("Type the stack's name")
    terminal.press_ctrl_c()

    assert terminal.finish() == ExitCode.INTERRUPTED
    assert "Interrupted: nothing was changed in AWS" in terminal.seen
    assert "aikagi" in cloudformation.stacks
