"""The whole product, from the program and the terminal of a caller."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aikagi import Broker, BrokerError, FunctionError
from tests.aws_caller import sign
from tests.local_stack import ROOT, Stack, clean_environment

ALICE = {"issuer": "local", "subject": "alice"}


@pytest.fixture
def alice(stack: Stack) -> Iterator[Broker]:
    with Broker(stack.broker) as broker:
        broker.login("alice", stack.users["alice"])
        yield broker


def test_a_program_calls_a_function_as_the_person_who_logged_in(alice: Broker):
    told = alice.call("hello", path="/a b/合鍵?q=a+b&q=(!'*)").result()

    assert told == {"message": "hello world", "caller": ALICE}
    assert alice.call("report", data="one two two").result()["words"] == 3
    with pytest.raises(FunctionError, match="405"):
        alice.call("report").result()


def test_bob_is_refused_what_is_alices(stack: Stack):
    with Broker(stack.broker) as broker:
        broker.login("bob", stack.users["bob"])

        assert [each.name for each in broker.functions() if each.name == "report"] == []
        with pytest.raises(BrokerError) as refused:
            broker.call("report", data="x")

    assert refused.value.type == "urn:aikagi:problem:function-not-available"


@pytest.mark.parametrize("hours", [1, -1])
def test_on_a_machine_whose_clock_is_an_hour_wrong_the_first_call_works(
    stack: Stack, hours: int
):
    with Broker(stack.broker, clock=lambda: time.time() + hours * 3600) as broker:
        broker.login("alice", stack.users["alice"])

        assert broker.call("hello").result()["caller"] == ALICE


@pytest.fixture
def aikagi(
    stack: Stack, tmp_path: Path
) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the command where the stack was started, as somebody new to it."""
    (tmp_path / ".local").symlink_to(stack.state.parent)
    environment = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path / "state")}

    def run(*words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *words],
            cwd=tmp_path,
            env=clean_environment(**environment),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_terminal_logs_in_calls_and_lends_to_an_sdk(
    aikagi: Callable[..., "subprocess.CompletedProcess[str]"], stack: Stack
):
    words = ("login", "--local", "--username", "alice", "--password-stdin")
    login = aikagi(*words, typed=stack.users["alice"])
    call = aikagi("call", "report", "--data", "one two two")
    lent = aikagi("credentials", "hello")
    doctor = aikagi("doctor", "hello")

    assert login.returncode == 0, login.stderr
    assert json.loads(call.stdout)["words"] == 3
    credentials = json.loads(lent.stdout)
    there = {"FuncUrl": stack.functions["hello"], "Region": stack.region}
    assert sign({**credentials, **there}).send().json()["caller"] == ALICE
    assert doctor.returncode == 0, doctor.stdout
    assert aikagi("logout").returncode == 0
    assert aikagi("whoami").returncode == 3
