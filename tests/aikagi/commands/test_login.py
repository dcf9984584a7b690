"""Logging in and out, and what stays on the disk of it."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aikagi.commands.conftest import Process, Typed, log_in
from tests.aikagi.loopback import PASSWORD, Loopback, json_answer
from tests.terminal import Terminal


def files(state: Path) -> list[Path]:
    return sorted(path for path in state.rglob("*") if path.is_file())


def test_a_login_is_remembered_with_its_broker(typed: Typed, loopback: Loopback):
    ran = log_in(typed, loopback)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"Logged in to {loopback.base} as alice.\n"
    me = typed("whoami")
    assert me.code == 0
    assert "you are     alice\n" in me.out
    assert "to AWS      local+alice\n" in me.out


def test_whoami_as_json_says_until_when(alice_typed: Typed, loopback: Loopback):
    printed = json.loads(alice_typed("whoami", "--json").out)

    assert printed.pop("LoginEnds").endswith("Z")
    assert printed == {
        "Broker": loopback.base,
        "Issuer": "local",
        "Subject": "alice",
        "Groups": ["everyone"],
        "SessionName": "local+alice",
    }


def test_functions_are_lines_in_a_pipe_and_the_brokers_words_as_json(
    alice_typed: Typed,
):
    assert alice_typed("functions").out == "hello\tHello\tBUFFERED\tGreets\n"
    [entry] = json.loads(alice_typed("functions", "--json").out)
    assert (entry["Name"], entry["MaxDurationSeconds"]) == ("hello", 3600)
    assert "FuncUrl" in entry


def test_a_title_is_one_line_that_no_terminal_obeys(
    alice_typed: Typed, loopback: Loopback
):
    loopback.title = "Two\nlines\tand \x1b[2J"

    [line] = alice_typed("functions").out.splitlines()

    assert line.split("\t")[1] == "Two lines and \N{REPLACEMENT CHARACTER}[2J"


def test_a_password_is_never_an_argument(typed: Typed, loopback: Loopback):
    with pytest.raises(SystemExit) as ended:
        typed("login", "--broker", loopback.base, "--password", PASSWORD)

    assert ended.value.code == 2
    assert loopback.asked == []


def test_a_password_is_asked_for_and_not_shown(
    tmp_path: Path, state: Path, loopback: Loopback
):
    terminal = Terminal(
        tmp_path,
        *("login", "--broker", loopback.base),
        module="aikagi",
        XDG_STATE_HOME=str(state),
    )

    terminal.wait_for("Username [")
    terminal.type("alice")
    terminal.wait_for("Password for ")
    terminal.type(PASSWORD)

    assert terminal.finish() == 0, terminal.seen
    assert PASSWORD not in terminal.seen
    assert f"Logged in to {loopback.base} as alice." in terminal.seen


def test_who_gives_up_at_the_password_is_let_go(
    tmp_path: Path, state: Path, loopback: Loopback
):
    terminal = Terminal(
        tmp_path,
        *("login", "--broker", loopback.base, "-u", "alice"),
        module="aikagi",
        XDG_STATE_HOME=str(state),
    )

    terminal.wait_for("Password for ")
    terminal.interrupt()

    assert terminal.finish() == 130
    assert "Traceback" not in terminal.seen
    assert loopback.asked == []


def test_nobody_to_ask_for_a_password_is_said(typed: Typed, loopback: Loopback):
    ran = typed("login", "--broker", loopback.base, "-u", "alice")

    assert (ran.code, loopback.asked) == (2, [])
    assert "--password-stdin" in ran.err


def test_a_wrong_password_is_refused_and_nothing_is_kept(
    typed: Typed, loopback: Loopback, state: Path
):
    words = ("login", "--broker", loopback.base, "-u", "alice", "--password-stdin")

    ran = typed(*words, stdin=b"wonderland-1866\n")

    assert ran.code == 4
    assert ran.err == "Wrong username or password (request r-1).\n"
    assert files(state) == []


def test_only_the_owner_can_read_what_is_kept(alice_typed: Typed, state: Path):
    assert alice_typed("call", "hello").code == 0

    kept = files(state)
    assert len(kept) >= 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    folders = {path.parent for path in kept}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert not any(PASSWORD in path.read_text() for path in kept)


def test_a_logout_leaves_no_secret_and_ends_the_login(
    alice_typed: Typed, loopback: Loopback, state: Path
):
    assert alice_typed("call", "hello").code == 0

    assert alice_typed("logout").code == 0

    assert loopback.asked[-1] == "auth/logout"
    left = [path.name for path in files(state) if path.stat().st_size]
    assert left == ["broker.json", "brokers.json"]
    ran = alice_typed("whoami")
    assert (ran.code, ran.err) == (3, "Nobody is logged in. Log in: aikagi login\n")


def test_a_short_login_keeps_no_refresh_token(
    typed: Typed, loopback: Loopback, state: Path
):
    assert log_in(typed, loopback, "--short").code == 0

    assert not any("refresh-" in path.read_text() for path in files(state))
    assert typed("whoami").code == 0
    loopback.forget_access()
    assert typed("whoami").code == 3


def test_a_login_that_ended_is_said_plainly(alice_typed: Typed, loopback: Loopback):
    loopback.end_login()

    ran = alice_typed("call", "hello")

    assert ran.code == 3
    assert ran.err == "The login has ended. Log in: aikagi login\n"


def test_the_next_login_does_not_use_the_grants_of_the_last(
    alice_typed: Typed, loopback: Loopback
):
    assert alice_typed("call", "hello").code == 0
    assert alice_typed("call", "hello").code == 0
    assert loopback.count("grant") == 1

    log_in(alice_typed, loopback)

    assert alice_typed("call", "hello").code == 0
    assert loopback.count("grant") == 2


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_text("{"), id="damaged"),
        pytest.param(lambda path: path.write_text("[]"), id="no object"),
        pytest.param(lambda path: path.write_text("{}"), id="empty"),
        pytest.param(lambda path: path.write_text("[" * 99_999), id="deep"),
        pytest.param(lambda path: path.chmod(0o640), id="readable by others"),
        pytest.param(
            lambda path: (
                path.rename(path.with_name("x"))
                and path.symlink_to(path.with_name("x"))
            ),
            id="a link",
        ),
    ],
)
def test_files_that_cannot_be_trusted_are_said_to_be_so(
    alice_typed: Typed,
    loopback: Loopback,
    state: Path,
    damage: Callable[[Path], object],
):
    [login] = state.rglob("login.json")
    damage(login)
    asked = len(loopback.asked)

    ran = alice_typed("whoami")

    assert ran.code == 7
    assert str(login) in ran.err or "log in again" in ran.err
    assert "Traceback" not in ran.err
    assert len(loopback.asked) == asked
    assert alice_typed("logout").code == 0
    assert not login.exists()
    assert log_in(alice_typed, loopback).code == 0
    assert alice_typed("whoami").code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_a_file_of_somebody_elses_is_not_believed(
    alice_typed: Typed, loopback: Loopback, state: Path
):
    [login] = state.rglob("login.json")
    os.chown(login, 12345, -1)

    ran = alice_typed("whoami")

    assert (ran.code, loopback.count("auth/me")) == (7, 0)
    assert ran.err == f"{login} belongs to somebody else; remove it.\n"


def test_a_folder_that_cannot_be_written_is_a_sentence(
    typed: Typed, loopback: Loopback, state: Path
):
    state.write_text("a file")

    ran = log_in(typed, loopback)

    assert ran.code == 7
    assert "cannot be" in ran.err


@pytest.mark.parametrize("relative", ["", "state"])
def test_a_state_folder_that_is_not_absolute_does_not_count(
    typed: Typed,
    loopback: Loopback,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    relative: str,
):
    monkeypatch.setenv("XDG_STATE_HOME", relative)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert log_in(typed, loopback).code == 0

    assert (tmp_path / "home/.local/state/aikagi/broker.json").is_file()


def test_without_a_broker_one_is_asked_for(typed: Typed):
    ran = typed("whoami")

    assert ran.code == 2
    assert "aikagi login https://" in ran.err


def test_a_broker_is_named_by_option_before_environment_before_memory(
    alice_typed: Typed, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
):
    elsewhere = "http://127.0.0.1:1/"
    monkeypatch.setenv("AIKAGI_BROKER", elsewhere)

    assert alice_typed("whoami").code == 3  # nobody is logged in there
    assert alice_typed("whoami", "--broker", loopback.base).code == 0
    assert alice_typed("--broker", loopback.base, "--json", "whoami").code == 0
    monkeypatch.delenv("AIKAGI_BROKER")
    assert alice_typed("whoami").code == 0


def test_no_password_travels_in_the_open(typed: Typed):
    words = ("login", "--broker", "http://broker.example", "-u", "alice")

    ran = typed(*words, "--password-stdin", stdin=b"x\n")

    assert ran.code == 2
    assert "https://" in ran.err


def test_the_stack_of_this_folder_is_found(
    typed: Typed, loopback: Loopback, tmp_path: Path
):
    words = ("login", "--local", "-u", "alice", "--password-stdin")
    assert typed(*words).code == 2
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps({"Broker": loopback.base}))

    assert typed(*words, stdin=f"{PASSWORD}\n".encode()).code == 0
    assert typed("whoami").code == 0


def test_three_processes_with_an_expired_token_renew_it_once(
    typed: Typed, loopback: Loopback, process: Process
):
    loopback.life = 0.01
    assert log_in(typed, loopback).code == 0
    loopback.life = 900.0

    started = [process("whoami", "--json") for _ in range(3)]
    said = [process.communicate(timeout=60) for process in started]

    assert [process.returncode for process in started] == [0] * 3, said
    assert loopback.count("auth/refresh") == 1


def test_a_broker_without_refresh_tokens_will_do(typed: Typed, loopback: Loopback):
    loopback.refreshes = False

    assert log_in(typed, loopback).code == 0

    assert typed("call", "hello").code == 0


def test_a_broker_that_is_none_is_said_to_be_none(typed: Typed, loopback: Loopback):
    loopback.broker_answers = [json_answer({"hello": 1})]

    ran = log_in(typed, loopback)

    assert ran.code == 5
    assert "broker" in ran.err
