"""``aikagi token``: a file that SDKs read, kept fresh."""

import json
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aikagi.commands.conftest import Process, Typed, log_in
from tests.aikagi.loopback import Loopback, problem


def test_a_token_in_a_pipe_has_no_line_end(alice_typed: Typed):
    assert alice_typed("token").out == "access-1"
    printed = json.loads(alice_typed("token", "--json").out)
    assert printed["AccessToken"] == "access-1"
    assert 890 < printed["ExpiresIn"] <= 900


def test_a_token_file_is_the_token_and_for_the_owner_alone(
    alice_typed: Typed, tmp_path: Path
):
    file = tmp_path / "token"
    file.write_text("what was there before, and was longer")
    file.chmod(0o644)

    assert alice_typed("token", "--file", str(file)).code == 0

    assert file.read_bytes() == b"access-1"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "tmp" in path.name] == []


def test_a_file_that_cannot_be_written_is_a_sentence(
    alice_typed: Typed, tmp_path: Path
):
    ran = alice_typed("token", "--file", str(tmp_path / "none" / "token"))

    assert ran.code == 7
    assert "cannot be written: No such file or directory" in ran.err


@pytest.mark.parametrize("file", ["/", "", "link"])
def test_what_is_no_file_gets_no_token(
    alice_typed: Typed, loopback: Loopback, tmp_path: Path, file: str
):
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    asked = list(loopback.asked)

    ran = alice_typed("token", "--file", file)

    assert (ran.code, loopback.asked) == (2, asked)
    assert (tmp_path / "link").is_symlink()
    assert not (tmp_path / "victim").exists()


def test_watching_needs_a_file(alice_typed: Typed):
    assert alice_typed("token", "--watch").code == 2


Watching = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def watching(
    typed: Typed, loopback: Loopback, process: Process, tmp_path: Path
) -> Watching:
    """Start a watch over tokens that live half a second; it says each it writes."""
    loopback.life = 0.6
    assert log_in(typed, loopback).code == 0

    def start() -> "subprocess.Popen[bytes]":
        return process("token", "--watch", "--file", str(tmp_path / "token"))

    return start


def next_token(running: "subprocess.Popen[bytes]", file: Path) -> str:
    assert running.stdout
    said = running.stdout.readline()
    assert b" is fresh for " in said, said
    return file.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_watched_file_is_renewed_until_somebody_ends_it(
    watching: Watching, tmp_path: Path, number: signal.Signals
):
    running = watching()

    first = next_token(running, tmp_path / "token")
    second = next_token(running, tmp_path / "token")
    running.send_signal(number)
    _, err = running.communicate(timeout=30)

    assert first != second
    assert second.startswith("access-")
    assert (running.returncode, err) == (0, b"")


def test_a_watch_says_when_the_login_ended(
    watching: Watching, loopback: Loopback, tmp_path: Path
):
    running = watching()
    next_token(running, tmp_path / "token")

    loopback.end_login()
    _, err = running.communicate(timeout=30)

    assert running.returncode == 3
    assert err == b"The login has ended. Log in: aikagi login\n"


def test_a_watch_outlives_a_broker_that_is_out_of_order(
    watching: Watching, loopback: Loopback, tmp_path: Path
):
    running = watching()
    next_token(running, tmp_path / "token")
    assert running.stderr

    title = "Not now\x1b[2J"
    loopback.broker_answers = [problem(503, "x", title) for _ in range(99)]
    complaint = running.stderr.readline()
    running.terminate()
    running.communicate(timeout=30)

    assert complaint.decode() == ("Not now\N{REPLACEMENT CHARACTER}[2J; trying again\n")
    assert running.returncode == 0
