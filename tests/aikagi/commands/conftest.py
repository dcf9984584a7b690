"""Commands as they are typed, most of them in this process to be quick."""

import io
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from aikagi.commands.command import Parser
from aikagi.commands.parser import build_parser
from aikagi.commands.run import run
from tests.aikagi.loopback import PASSWORD, Loopback
from tests.stack import ROOT, clean_environment


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Typed = Callable[..., Ran]
Process = Callable[..., "subprocess.Popen[bytes]"]


@cache
def _parser() -> Parser:
    """One for all: to build it takes longer than most commands."""
    return build_parser()


@pytest.fixture(scope="session", autouse=True)
def heard() -> Iterator[None]:
    """Let commands hear Ctrl-C, also where a shell runs the tests behind it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Give the folder in which ``aikagi`` makes its own."""
    return tmp_path / "state"


@pytest.fixture
def typed(
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> Typed:
    """Run a command: ``typed("call", "hello", stdin=b"…")``."""
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.delenv("AIKAGI_BROKER", raising=False)
    monkeypatch.chdir(tmp_path)

    def type_it(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsysbinary.readouterr()
        code = run(_parser(), arguments)
        said = capsysbinary.readouterr()
        return Ran(code, said.out.decode(errors="replace"), said.err.decode())

    return type_it


@pytest.fixture
def alice_typed(typed: Typed, loopback: Loopback) -> Typed:
    """Log alice in first."""
    ran = log_in(typed, loopback)
    assert ran.code == 0, ran.err
    return typed


def log_in(typed: Typed, loopback: Loopback, *more: str) -> Ran:
    words = ("login", "--broker", loopback.base, "--username", "alice", *more)
    return typed(*words, "--password-stdin", stdin=f"{PASSWORD}\n".encode())


@pytest.fixture
def process(state: Path, tmp_path: Path) -> Process:
    """Start a command as a process of its own."""

    def start(*arguments: str) -> "subprocess.Popen[bytes]":
        environment = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state)}
        return subprocess.Popen(
            [sys.executable, "-m", "aikagi", *arguments],
            cwd=tmp_path,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start
