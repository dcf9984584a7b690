"""The whole product, from the program and the terminal of a caller."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aikagi import (
    Broker,
    BrokerError,
    FunctionError,
    LoginEndedError,
    Output,
    Progress,
    Result,
    Start,
)
from aikagi.records import TOKENS
from aikagi.store import MemoryStore
from tests.aws_caller import sign
from tests.stack import ROOT, Stack, clean_environment

ALICE = {"issuer": "local", "subject": "alice"}


@pytest.fixture
def alice(stack: Stack) -> Iterator[Broker]:
    with Broker(stack.broker) as broker:
        broker.login("alice", stack.users["alice"])
        yield broker


def test_a_program_calls_a_function_as_the_person_who_logged_in(alice: Broker):
    result = alice.call("hello", path="/a b/合鍵?q=a+b&q=(!'*)").result()

    assert result == {"message": "hello world", "caller": ALICE}
    assert alice.call("report", data="one two two").result()["words"] == 3
    with pytest.raises(FunctionError, match="405"):
        alice.call("report").result()


TEXT = (
    "A key is lent, and never given. Whoever borrows a key says who they are. "
    "The door knows the key, and the key knows its door. It rained on Tuesday. "
    "A lent key ends by itself, so nobody has to ask for it back. "
    "The key that is lent to one opens nothing for another. "
) * 3


def test_a_long_task_is_watched_from_its_start_to_its_result(alice: Broker):
    events = list(alice.call("summarise", data=TEXT))

    assert isinstance(events[0], Start)
    assert any(isinstance(event, Progress) for event in events)
    written = "".join(event.text for event in events if isinstance(event, Output))
    assert "key" in written
    assert isinstance(events[-1], Result)
    assert (events[-1].value["engine"], events[-1].value["caller"]) == (
        "extractive",
        ALICE,
    )


def test_bob_is_refused_what_is_alices(stack: Stack):
    with Broker(stack.broker) as broker:
        broker.login("bob", stack.users["bob"])

        assert [
            function.name
            for function in broker.functions()
            if function.name == "report"
        ] == []
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


def test_a_login_goes_on_without_being_noticed_until_it_is_ended(stack: Stack):
    moved = [0.0]
    store = MemoryStore()
    with Broker(
        stack.broker, store=store, clock=lambda: time.time() + moved[0]
    ) as broker:
        broker.login("alice", stack.users["alice"])
        first, _ = broker.access_token()
        moved[0] = 1200.0
        second, _ = broker.access_token()
        copied = dict(store.entry(TOKENS).read() or {})
        assert broker.me().subject == "alice"
        broker.logout()

    assert first != second
    thief = MemoryStore()
    expired = {**copied["tokens"], "expires_at": 0.0}
    thief.entry(TOKENS).write({**copied, "tokens": expired})
    with Broker(stack.broker, store=thief) as broker:
        assert broker.username == "alice"
        with pytest.raises(LoginEndedError):
            broker.me()


@pytest.fixture
def aikagi(
    stack: Stack, tmp_path: Path
) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the command where the stack was started, as somebody new to it."""
    (tmp_path / ".local").symlink_to(stack.state.parent)
    environment = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path / "state")}

    def run(*words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "aikagi", *words],
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
    printed = aikagi("credentials", "hello")
    doctor = aikagi("doctor", "hello")
    summary = aikagi("call", "summarise", "--data", "@-", typed=TEXT)

    assert login.returncode == 0, login.stderr
    assert json.loads(call.stdout)["words"] == 3
    credentials = json.loads(printed.stdout)
    there = {"FuncUrl": stack.functions["hello"], "Region": stack.region}
    assert sign({**credentials, **there}).send().json()["caller"] == ALICE
    assert doctor.returncode == 0, doctor.stdout
    assert "key" in summary.stdout
    assert "Writing the summary 100%\n" in summary.stderr
    assert aikagi("logout").returncode == 0
    assert aikagi("whoami").returncode == 3
