"""Several brokers, by their names."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aikagi.disk.brokers import read_brokers, read_last_broker, write_login
from tests.aikagi.commands.conftest import Ran, Typed, log_in
from tests.aikagi.loopback import PASSWORD, Answer, Loopback, running

ONE, TWO = "https://one.example/", "https://two.example/stage/"


@pytest.fixture
def staging() -> Iterator[Loopback]:
    yield from running()


def log_in_at(typed: Typed, *words: str) -> Ran:
    return typed(
        *("login", *words, "-u", "alice", "--password-stdin"),
        stdin=f"{PASSWORD}\n".encode(),
    )


def test_a_broker_can_be_named_and_meant(
    typed: Typed, loopback: Loopback, staging: Loopback, monkeypatch: pytest.MonkeyPatch
):
    assert log_in_at(typed, loopback.base).code == 0
    assert log_in_at(typed, staging.base, "--name", "staging").code == 0

    for words in (("--broker", "staging", "whoami"), ("whoami", "--broker=staging")):
        assert f"broker      staging, {staging.base}\n" in typed(*words).out
    usual = loopback.base.removeprefix("http://").rstrip("/")
    assert f"broker      {loopback.base}\n" in typed("whoami", "--broker", usual).out
    monkeypatch.setenv("AIKAGI_BROKER", usual)
    assert f"broker      {loopback.base}\n" in typed("whoami").out
    monkeypatch.delenv("AIKAGI_BROKER")
    assert "staging" in typed("whoami").out  # the last login's
    assert typed("logout", "--broker", "staging").code == 0
    refused = typed("whoami", "--broker", "staging")
    assert refused.err == "Nobody is logged in. Log in: aikagi login staging\n"
    assert log_in_at(typed, "staging").code == 0
    assert log_in_at(typed, usual).code == 0
    assert "staging" not in typed("whoami").out


def test_brokers_are_listed_and_nobody_is_asked(
    typed: Typed, loopback: Loopback, staging: Loopback
):
    assert typed("brokers").err.startswith("You have not logged in anywhere yet")
    assert log_in_at(typed, loopback.base, "--name", "production").code == 0
    assert log_in_at(typed, staging.base, "--name", "staging").code == 0
    assert typed("logout", "--broker", "production").code == 0
    asked = [list(loopback.asked), list(staging.asked)]

    ran = typed("brokers")

    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            f"production\t{loopback.base}\tnot logged in\t",
            f"staging\t{staging.base}\talice\tlast login",
        ],
    )
    told = json.loads(typed("brokers", "--json").out)
    assert told[1] == {
        "Name": "staging",
        "Broker": staging.base,
        "Username": "alice",
        "IsLast": True,
    }
    assert [loopback.asked, staging.asked] == asked


def test_a_name_that_nobody_has_is_asked_about(typed: Typed, loopback: Loopback):
    assert log_in_at(typed, loopback.base, "--name", "staging").code == 0

    near = typed("whoami", "--broker", "stagign")
    far = typed("whoami", "--broker", "broker.example")

    assert (near.code, far.code) == (2, 2)
    assert near.err == ("There is no broker called stagign. Did you mean staging?\n")
    assert "aikagi brokers" in far.err


@pytest.mark.parametrize("name", ["", "a/b", "https://x", "-x", "a b", "x" * 41])
def test_a_name_is_a_word(typed: Typed, loopback: Loopback, name: str):
    with pytest.raises(SystemExit) as ended:
        log_in_at(typed, loopback.base, f"--name={name}")

    assert (ended.value.code, loopback.asked) == (2, [])


def test_a_broker_is_named_once(typed: Typed, loopback: Loopback):
    ran = log_in_at(typed, loopback.base, "--broker", loopback.base)

    assert (ran.code, loopback.asked) == (2, [])


def test_a_broker_has_one_name_and_a_name_one_broker(tmp_path: Path):
    assert write_login(tmp_path, ONE, None) == "one.example"
    assert write_login(tmp_path, TWO, None) == "two.example/stage"
    assert write_login(tmp_path, ONE, "staging") == "staging"
    assert write_login(tmp_path, ONE, None) == "staging"
    assert read_brokers(tmp_path) == {"two.example/stage": TWO, "staging": ONE}

    assert write_login(tmp_path, TWO, "staging") == "staging"

    assert read_brokers(tmp_path) == {"one.example": ONE, "staging": TWO}
    assert read_last_broker(tmp_path) == TWO


@pytest.mark.parametrize(
    "damage",
    [
        *("{", "[]", '{"version": 2, "brokers": []}'),
        '{"version": 2, "brokers": {"a": 5, "b": "http://192.0.2.1/", "c": "https://["}}',
    ],
)
def test_damaged_names_are_none_until_the_next_login(
    alice_typed: Typed, loopback: Loopback, state: Path, damage: str
):
    [file] = state.rglob("brokers.json")
    file.write_text(damage)

    assert alice_typed("whoami").code == 0
    assert alice_typed("brokers").code == 0
    assert log_in(alice_typed, loopback).code == 0
    assert loopback.base in alice_typed("brokers").out


def test_names_of_a_later_version_are_left_alone(
    alice_typed: Typed, loopback: Loopback, state: Path
):
    [file] = state.rglob("brokers.json")
    file.write_text('{"version": 99}')
    asked = list(loopback.asked)

    ran = log_in(alice_typed, loopback)

    assert (ran.code, alice_typed("brokers").code) == (7, 7)
    assert str(file) in ran.err
    assert loopback.asked == asked
    assert file.read_text() == '{"version": 99}'


def test_a_logout_that_reaches_nobody_says_so_and_forgets(
    alice_typed: Typed, loopback: Loopback, state: Path
):
    loopback.broker_answers = [Answer(pieces=(b"{",), cut=True)]
    [login] = state.rglob("login.json")

    ran = alice_typed("logout", "--quiet")

    assert ran.code == 5
    assert f"not ended at {loopback.base}: The broker cannot be reached" in ran.err
    assert "Until it expires" in ran.err
    assert not login.exists()
    assert alice_typed("whoami").code == 3
    again = alice_typed("logout")
    assert (again.code, again.err) == (0, f"Logged out of {loopback.base}.\n")


def test_a_logout_after_the_login_ended_has_nothing_left_to_do(
    alice_typed: Typed, loopback: Loopback
):
    loopback.end_login()

    ran = alice_typed("logout")

    assert (ran.code, ran.err) == (0, f"Logged out of {loopback.base}.\n")
