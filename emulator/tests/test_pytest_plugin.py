"""What somebody else's tests get. The folder of the tests is not this one."""

import os
import shutil
import socket
import subprocess
import sys
import time
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

ROOT = Path(__file__).parents[2]
LONE = Path(__file__).with_name("launcher") / "lone_template.yaml"

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
    assert aws_stack.broker is None
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
            *(
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "aikagi_emulator.pytest_plugin",
            ),
            *("-p", "no:cacheprovider", "-W", "error"),
        ],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
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
    with running_stack(LONE, folder) as stack:
        yield stack


def test_a_template_without_a_broker_starts_in_a_second_and_a_half(
    lone: AwsStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("AWS_PROFILE", "somebody-else-s")
    began = time.monotonic()
    with running_stack(LONE, tmp_path) as second:
        took = time.monotonic() - began

        assert second.endpoint != lone.endpoint
        # Twice as long: other tests may have the processors.
        assert took < 3
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
    assert capfd.readouterr().err == ""


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
    assert "neither an Authorization header" in refused.headers["x-aikagi-why"]


def test_a_template_that_cannot_start_is_an_error_of_the_fixture(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    with (
        pytest.raises(RuntimeError, match="the stack ended with exit status 2"),
        running_stack(tmp_path / "missing.yaml", tmp_path),
    ):
        pytest.fail("it started")

    assert "missing.yaml" in capfd.readouterr().err


def test_free_ports_are_nobody_else_s_until_they_are_given_back():
    with ExitStack() as blocks:
        first = [blocks.enter_context(free_ports()) for _ in range(20)]

        assert len(set(first)) == len(first)
        for port in first:
            with socket.socket() as bound:
                bound.bind(("127.0.0.1", port))
