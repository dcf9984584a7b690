"""What somebody else's tests get. The folder of the tests is not this one."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from aikagi_emulator.pytest_plugin import AwsStack, free_ports, running_stack

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

LONE = Path(__file__).with_name("launcher") / "lone.yaml"

THEIRS = """
import json
import boto3

def test_a_parameter_is_there(aws_stack):
    ssm = boto3.client(
        "ssm",
        region_name=aws_stack.region,
        endpoint_url=aws_stack.endpoint,
        aws_access_key_id=aws_stack.operator["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws_stack.operator["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=aws_stack.operator["AWS_SESSION_TOKEN"],
    )
    found = ssm.get_parameter(Name="/greeting/setting")["Parameter"]
    assert found["Value"] == "plain"

def test_it_is_the_same_stack(aws_stack, pytestconfig):
    assert list(aws_stack.functions) == ["Greeting"]
    assert "GET / 403" not in "".join(aws_stack.log)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(LONE, tmp_path / "template.yaml")
    shutil.copytree(LONE.with_name("small_functions"), tmp_path / "small_functions")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def test_somebody_else_s_tests_find_a_stack(project: Path):
    (project / "test_theirs.py").write_text(THEIRS)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q"),
            *("-p", "no:cacheprovider", "-W", "error"),
        ],
        cwd=project,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsStack]:
    folder = tmp_path_factory.mktemp("lone")
    with running_stack(folder, template=LONE) as stack:
        yield stack


def test_a_second_stack_runs_beside_the_first_and_leaves_nothing(
    lone: AwsStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_PROFILE", "somebody-else-s")
    with running_stack(tmp_path, template=LONE) as second:
        assert second.endpoint != lone.endpoint
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert "somebody-else-s" not in "".join(second.log)


def sts_of(lone: AwsStack) -> "STSClient":
    return boto3.client(
        "sts",
        config=Config(retries={"total_max_attempts": 1}),
        region_name=lone.region,
        endpoint_url=lone.endpoint,
        aws_access_key_id=lone.operator["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=lone.operator["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=lone.operator["AWS_SESSION_TOKEN"],
    )


def test_its_clock_and_its_faults_are_in_reach(lone: AwsStack):
    sts = sts_of(lone)
    denied = {"Service": "sts", "Fault": "AccessDenied"}

    assert sts.get_caller_identity()["Arn"].endswith(":user/operator")
    for ordered in (
        lambda: lone.controls.add_faults(denied),
        lambda: lone.controls.advance(timedelta(hours=1)),
    ):
        ordered()
        with pytest.raises(ClientError):
            sts.get_caller_identity()
        lone.controls.reset()
        assert sts.get_caller_identity()


def test_a_proxy_of_the_shell_is_none_of_the_controls_business(
    lone: AwsStack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert lone.controls.offset() == timedelta()


def test_a_connection_is_dropped_without_a_word(lone: AwsStack):
    sts = sts_of(lone)
    lone.controls.add_faults({"Service": "sts", "Fault": "DroppedConnection"})

    with pytest.raises(ConnectionClosedError):
        sts.get_caller_identity()

    assert sts.get_caller_identity()


def test_a_refusal_says_why(lone: AwsStack):
    refused = httpx2.post(lone.functions["Greeting"])

    assert refused.status_code == 403
    reason = refused.headers["x-emulator-refusal-reason"]
    assert "neither an Authorization header" in reason


def test_a_template_that_cannot_start_is_an_error_in_the_stack_s_own_words(
    tmp_path: Path,
):
    with (
        pytest.raises(RuntimeError, match=r"missing\.yaml cannot be read"),
        running_stack(tmp_path, template=tmp_path / "missing.yaml"),
    ):
        pytest.fail("it started")


def test_free_ports_are_nobody_else_s_until_they_are_given_back():
    with ExitStack() as blocks:
        first = [blocks.enter_context(free_ports()) for _ in range(20)]

        assert len(set(first)) == len(first)
        for port in first:
            with socket.socket() as bound:
                bound.bind(("127.0.0.1", port))
