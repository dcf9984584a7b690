"""The real SAM CLI with the arguments that it gets, from the template to its end.

CloudFormation is on loopback, and makes nothing. `make sam` runs this: each start of
the SAM CLI takes seconds.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from deployment.errors import ExitCode
from deployment.sam import Sam
from tests.deployment import handlers
from tests.deployment.aws_on_loopback import running_cloudformation
from tests.deployment.cloudformation import CloudFormation
from tests.deployment.test_deployer import OPERATIONS
from tests.stack import ROOT

SAM: Final = ROOT / ".tools" / "sam" / "bin" / "sam"
REGION: Final = "ap-northeast-1"

pytestmark = pytest.mark.skipif(
    os.environ.get("AIKAGI_SAM") != "1", reason="`make sam` runs it"
)


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFormation]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with running_cloudformation() as (fake, variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "an example")
        monkeypatch.setenv("NO_PROXY", "*")
        yield fake


@pytest.fixture
def sam(tmp_path: Path) -> Sam:
    """Give it the template, with a small folder in the place of what is built."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("")
    text = (ROOT / "template.yaml").read_text()
    for folder in ("CodeUri: .\n", "CodeUri: functions\n"):
        assert folder in text
        text = text.replace(folder, "CodeUri: code\n")
    text = text.replace("ContentUri: functions/layer\n", "ContentUri: code\n")
    (tmp_path / "template.yaml").write_text(text)
    return Sam(program=[str(SAM)], build=["true"], install=["true"], folder=tmp_path)


def test_it_deploys_updates_and_deletes_without_a_question(
    sam: Sam, cloudformation: CloudFormation, capfd: pytest.CaptureFixture[str]
):
    """One after another, for each start takes seconds."""
    given = {
        "Docs": "false",
        "AllowedOrigins": "",
        "TrustedProxies": "192.0.2.0/24,2001:db8::1",
        "SummariseModelId": "a b'c\"d\\e=f $g",
    }
    assert sam.deploy("aikagi-trial", REGION, given, ask=False) == ExitCode.DONE
    stack = cloudformation.stacks["aikagi-trial"]
    assert stack.status == "CREATE_COMPLETE"
    assert stack.parameters == given
    (made,) = cloudformation.executed
    assert made.capabilities == ["CAPABILITY_IAM"]
    assert {key.partition("/")[0] for key in cloudformation.objects} == {"aikagi-trial"}

    # The same once more is no failure, and changes nothing.
    assert sam.deploy("aikagi-trial", REGION, given, ask=False) == ExitCode.DONE
    assert len(cloudformation.executed) == 1
    assert "No changes to deploy" in capfd.readouterr().out

    # What is not given keeps its value.
    assert sam.deploy("aikagi-trial", REGION, {"Docs": "true"}, ask=False) == 0
    assert stack.parameters == {**given, "Docs": "true"}

    another = {"other/kept": b""}
    cloudformation.objects |= another
    assert sam.delete("aikagi-trial", REGION) == ExitCode.DONE
    assert "aikagi-trial" not in cloudformation.stacks
    assert cloudformation.objects == another
    assert set(cloudformation.asked) <= set(OPERATIONS)


def test_a_deployment_that_cloudformation_rolls_back_is_a_failure(
    sam: Sam, cloudformation: CloudFormation
):
    cloudformation.fails = "ROLLBACK_COMPLETE"

    assert sam.deploy("aikagi-trial", REGION, {}, ask=False) != ExitCode.DONE


def test_at_the_question_it_waits_for_a_yes(
    sam: Sam,
    cloudformation: CloudFormation,
    capfd: pytest.CaptureFixture[str],
):
    """Nobody is there: what asks cannot go on, and has executed nothing."""
    assert sam.deploy("aikagi-trial", REGION, {}, ask=True) != ExitCode.DONE

    assert "Deploy this changeset?" in capfd.readouterr().out
    assert cloudformation.executed == []


def test_what_deploying_takes_is_recorded_as_the_schemas_have_it():
    """``python -m tests.deployment.handlers`` records it anew."""
    recorded = handlers.recorded()

    assert handlers.of_schemas(set(recorded)) == recorded
