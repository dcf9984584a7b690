import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.aws_on_loopback import running_cloudformation
from tests.deployment.cloudformation import CloudFormation
from tests.deployment.programs import Programs, install
from tests.stack import Stack

OUTPUTS = {
    "GrantApiUrl": "https://abc123.execute-api.ap-northeast-1.amazonaws.com",
    "UsersTableName": "aikagi-UsersTable-X",
}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    found = install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{found.folder}{os.pathsep}{os.environ['PATH']}")
    return found


@pytest.fixture
def no_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away all that this machine knows of AWS."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AIKAGI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def operator(no_aws: None, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Be the operator of the emulator's account."""
    for name, value in stack.operator.items():
        monkeypatch.setenv(name, value)
    return stack


@pytest.fixture
def cloudformation(
    operator: Stack, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CloudFormation]:
    with running_cloudformation() as (fake, variables):
        fake.outputs = dict(OUTPUTS)
        fake.objects["/t"] = b"Resources: {Role: {Type: AWS::IAM::Role}}"
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield fake
