"""Changing one's password, and logging in with one that was given for once."""

from pathlib import Path

import pytest

from aikagi import Broker, BrokerError
from tests.aikagi.commands.conftest import Typed, log_in
from tests.aikagi.loopback import PASSWORD, Loopback
from tests.terminal import Terminal

NEW = "looking-glass-1871"


def terminal(folder: Path, state: Path, loopback: Loopback, *words: str) -> Terminal:
    command, *more = words
    return Terminal(
        folder,
        *(command, "--broker", loopback.base, "-u", "alice", *more),
        XDG_STATE_HOME=str(state),
    )


def test_a_password_given_for_once_is_changed_on_the_way_in(
    tmp_path: Path, state: Path, loopback: Loopback
):
    loopback.is_one_time = True
    seat = terminal(tmp_path, state, loopback, "login")

    seat.wait_for("Password for ")
    seat.type(PASSWORD)
    seat.wait_for("This password was given for once. Choose another one.")
    for first, again, said in (
        (NEW, f"{NEW}!", "The two differ."),
        ("short", "short", "The new password cannot be taken."),
        (NEW, NEW, "Logged in to"),
    ):
        seat.wait_for("New password: ")
        seat.type(first)
        seat.wait_for("The same again: ")
        before, seat.seen = seat.seen, ""
        seat.type(again)
        seat.wait_for(said)
        assert PASSWORD not in before + seat.seen
        assert NEW not in before + seat.seen

    assert seat.finish() == 0, seat.seen
    assert loopback.password == NEW
    assert loopback.asked == [
        *("auth/login", "auth/password", "auth/password", "auth/login")
    ]


def test_who_gives_up_at_the_new_password_is_let_go(
    tmp_path: Path, state: Path, loopback: Loopback
):
    loopback.is_one_time = True
    seat = terminal(tmp_path, state, loopback, "login")
    seat.wait_for("Password for ")
    seat.type(PASSWORD)
    seat.wait_for("New password: ")

    seat.interrupt()

    assert seat.finish() == 130
    assert (loopback.password, loopback.is_one_time) == (PASSWORD, True)


def test_without_a_terminal_it_is_said_what_to_do(typed: Typed, loopback: Loopback):
    loopback.is_one_time = True

    refused = log_in(typed, loopback)

    assert (refused.code, refused.out) == (4, "")
    assert refused.err == (
        "This password was for once (request r-1).\n"
        "Change it: aikagi passwd --username alice\n"
    )
    words = ("passwd", "--broker", loopback.base, "-u", "alice", "--password-stdin")
    changed = typed(*words, stdin=f"{PASSWORD}\n{NEW}\n".encode())
    assert (changed.code, changed.err) == (0, "")
    assert changed.out == (
        "The password of alice is changed. Log in with it: aikagi login\n"
    )
    assert loopback.password == NEW


def test_a_password_is_changed_at_a_terminal(
    tmp_path: Path, state: Path, loopback: Loopback
):
    seat = terminal(tmp_path, state, loopback, "passwd")

    for prompt, typed_ in (
        (f"Password of alice at {loopback.base}: ", PASSWORD),
        ("New password: ", NEW),
        ("The same again: ", NEW),
    ):
        seat.wait_for(prompt)
        seat.type(typed_)

    assert seat.finish() == 0, seat.seen
    assert "The password of alice is changed." in seat.seen
    assert PASSWORD not in seat.seen
    assert NEW not in seat.seen
    assert loopback.asked == ["auth/password"]


def test_whoever_is_logged_in_is_meant_and_has_to_log_in_again(
    alice_typed: Typed, loopback: Loopback
):
    change = ("passwd", "--password-stdin", "--json")
    stdin = f"{PASSWORD}\n{NEW}\n".encode()

    ran = alice_typed(*change, stdin=stdin)

    assert ran.code == 0
    assert ran.out == f'{{"Broker": "{loopback.base}", "Username": "alice"}}\n'
    loopback.forget_access()
    assert alice_typed("whoami").code == 3
    wrong = alice_typed(*change, stdin=stdin)
    assert (wrong.code, wrong.err) == (4, "Wrong username or password (request r-1).\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param((), "Say who you are: --username", id="nobody"),
        pytest.param(("-u", "alice"), "--password-stdin", id="no terminal"),
    ],
)
def test_what_is_missing_is_said(
    typed: Typed, loopback: Loopback, words: tuple[str, ...], said: str
):
    ran = typed("passwd", "--broker", loopback.base, *words)

    assert (ran.code, loopback.asked) == (2, [])
    assert said in ran.err


def test_a_program_changes_a_password_without_a_login(loopback: Loopback):
    loopback.is_one_time = True
    with Broker(loopback.base) as broker:
        with pytest.raises(BrokerError) as caught:
            broker.login("alice", PASSWORD)
        assert caught.value.type == "urn:aikagi:problem:password-change-required"
        with pytest.raises(BrokerError) as caught:
            broker.change_password("alice", "wrong-wrong", NEW)
        assert caught.value.type == "urn:aikagi:problem:login-refused"

        broker.change_password("alice", PASSWORD, NEW)
        broker.login("alice", NEW)

        assert broker.me().subject == "alice"
