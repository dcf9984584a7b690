"""``aikagi login --issuer`` and all that goes on from there, at a real provider."""

import json
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.aikagi.commands.conftest import Process, Typed
from tests.aikagi.loopback import Loopback, json_answer
from tests.aikagi.scripted_issuer import ScriptedIssuer
from tests.provider.person import Visitor, get
from tests.provider.server import ALICE, Provider, ProviderSettings
from tests.terminal import Terminal

BROWSER: Final = f"{sys.executable} -m tests.provider.browser alice %s"
"""In which alice signs in by herself. A colon in it would begin another browser."""


@pytest.fixture
def signed_in(
    typed: Typed,
    loopback: Loopback,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> Typed:
    """Sign alice in through the provider first."""
    loopback.issuers = {"laptop": provider.listed()}
    root = Path(__file__).parents[3]
    monkeypatch.setenv("BROWSER", BROWSER)
    monkeypatch.setenv("PYTHONPATH", str(root))
    ran = typed("login", loopback.base, "--issuer", "laptop")
    assert ran.code == 0, ran.err
    assert ran.out == f"Logged in to {loopback.base} as alice, through laptop.\n"
    return typed


def test_every_command_works_with_such_a_login(
    signed_in: Typed, loopback: Loopback, tmp_path: Path
):
    whoami = signed_in("whoami", "--json")
    assert json.loads(whoami.out) | {"Broker": ""} == {
        "Broker": "",
        "Issuer": "laptop",
        "Subject": "alice",
        "Groups": ["everyone"],
        "SessionName": "laptop+alice",
        "LoginEnds": None,
    }
    assert "login ends  when its issuer says" in signed_in("whoami").out
    assert signed_in("functions").out.startswith("hello")
    assert signed_in("call", "hello").code == 0
    credentials = json.loads(signed_in("credentials", "hello").out)
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert signed_in("token", "--file", "token").code == 0
    assert (tmp_path / "token").read_text().count(".") == 2
    assert "alice" in signed_in("brokers").out


def test_a_logout_says_what_ends_where(
    signed_in: Typed, loopback: Loopback, provider: Provider
):
    ran = signed_in("logout")

    assert ran.code == 0
    assert f"Logged out of {loopback.base}." in ran.err
    assert "The broker held nothing of it" in ran.err
    assert f"{provider.issuer}/session/end?client_id=aikagi" in ran.err
    assert signed_in("whoami").code == 3
    assert "auth/logout" not in loopback.asked


def test_a_logout_that_the_issuer_does_not_hear_of_says_so(
    typed: Typed, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
):
    with Provider() as provider:
        loopback.issuers = {"laptop": provider.listed()}
        monkeypatch.setenv("BROWSER", BROWSER)
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
        assert typed("login", loopback.base, "--issuer", "laptop").code == 0

    ran = typed("logout")

    assert ran.code == 5
    assert "not ended at the provider of this laptop" in ran.err
    assert typed("whoami").code == 3


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--device"], "Name the issuer"),
        (["--client-id", "x"], "Name the issuer"),
        (["--issuer", "laptop", "--username", "alice"], "An issuer asks itself"),
    ],
)
def test_words_that_do_not_go_together_are_told(
    typed: Typed,
    loopback: Loopback,
    words: list[str],
    why: str,
):
    loopback.issuers = {}

    ran = typed("login", loopback.base, *words)

    assert ran.code == 2
    assert why in ran.err


@pytest.mark.parametrize("port", ["70000", "-1", "x"])
def test_a_port_is_one(
    typed: Typed,
    loopback: Loopback,
    port: str,
    capsysbinary: pytest.CaptureFixture[bytes],
):
    with pytest.raises(SystemExit) as ended:
        typed("login", loopback.base, "--issuer", "laptop", f"--port={port}")

    assert ended.value.code == 2
    assert b"is no port" in capsysbinary.readouterr().err


def test_an_issuer_that_nobody_knows_is_refused(typed: Typed, loopback: Loopback):
    ran = typed("login", loopback.base, "--issuer", "okta")

    assert ran.code == 4
    assert ran.err == "Nobody signs in here through okta, and no other either.\n"


def test_without_a_device_grant_a_sentence_says_what_helps(
    typed: Typed, loopback: Loopback
):
    with Provider(ProviderSettings(devices=False)) as provider:
        loopback.issuers = {"laptop": provider.listed()}
        ran = typed("login", loopback.base, "--issuer", "laptop", "--device")

    assert ran.code == 4
    assert "on a machine with a browser, without --device" in ran.err


@pytest.mark.parametrize("is_opened", [True, False])
def test_at_a_terminal_the_address_is_shown_and_opened_where_there_is_a_browser(
    tmp_path: Path, loopback: Loopback, provider: Provider, *, is_opened: bool
):
    loopback.issuers = {"laptop": provider.listed()}
    opened = tmp_path / "opened"
    terminal = Terminal(
        tmp_path,
        *("login", loopback.base, "--issuer", "laptop"),
        *([] if is_opened else ["--no-browser"]),
        XDG_STATE_HOME=str(tmp_path / "state"),
        BROWSER=BROWSER if is_opened else f"touch {opened} %s",
        columns=1000,
    )
    if not is_opened:
        terminal.wait_for("S256\r\n")
        found = re.search(r"http\S+S256", terminal.seen)
        assert found
        with Visitor(provider.issuer, ALICE) as visitor:
            get(visitor.sign_in(found[0]))

    assert terminal.finish() == 0
    assert not opened.exists()
    assert "To sign in, open" in terminal.seen
    assert f"Logged in to {loopback.base} as alice, through laptop." in terminal.seen
    assert "ey" not in terminal.seen.partition("Logged in")[2]


@pytest.mark.parametrize("is_complete", [True, False])
def test_at_a_terminal_a_device_is_shown_an_address_and_a_code(
    tmp_path: Path, loopback: Loopback, *, is_complete: bool
):
    issuer = ScriptedIssuer(loopback)
    complete = {"verification_uri_complete": "https://issuer.example/device?c=AB-CD"}
    loopback.broker_routes["issuer/device"] = json_answer(
        {
            "device_code": "d",
            "user_code": "AB-CD",
            "verification_uri": "https://issuer.example/device",
            "expires_in": 600,
            "interval": 1,
            **(complete if is_complete else {}),
        }
    )
    issuer.answers(issuer.grants())

    terminal = Terminal(
        tmp_path,
        *("login", loopback.base, "--issuer", "scripted", "--device"),
        XDG_STATE_HOME=str(tmp_path / "state"),
    )

    assert terminal.finish() == 0
    shown = terminal.seen.replace("\r", "")
    if is_complete:
        assert "  https://issuer.example/device?c=AB-CD\n\nwhere it has to say" in shown
    else:
        assert "  https://issuer.example/device\n\nand type AB-CD, within 10" in shown
    assert "as alice, through scripted." in shown


def test_at_a_terminal_ctrl_c_ends_the_waiting(
    tmp_path: Path, loopback: Loopback, provider: Provider
):
    loopback.issuers = {"laptop": provider.listed()}
    terminal = Terminal(
        tmp_path,
        *("login", loopback.base, "--issuer", "laptop", "--no-browser"),
        XDG_STATE_HOME=str(tmp_path / "state"),
    )
    terminal.wait_for("code_challenge")
    terminal.interrupt()

    assert terminal.finish() == 130
    assert "Traceback" not in terminal.seen


def test_three_processes_with_an_expired_token_renew_it_once(
    signed_in: Typed, loopback: Loopback, process: Process, state: Path
):
    [file] = state.rglob("login.json")
    record = json.loads(file.read_text())
    before = record["tokens"]["refresh_token"]
    record["tokens"]["expires_at"] -= 600
    file.write_text(json.dumps(record))

    started = [process("functions") for _ in range(3)]
    codes = [running.wait(30) for running in started]
    for running in started:
        running.communicate()

    # A second use of one refresh token would have ended the login at this provider.
    assert codes == [0, 0, 0]
    after = json.loads(file.read_text())["tokens"]
    assert after["refresh_token"] != before
    file.write_text(json.dumps({**record, "tokens": {**after, "expires_at": 0}}))
    assert signed_in("functions").code == 0


def test_a_watched_token_file_is_renewed_at_the_issuer(
    signed_in: Typed, loopback: Loopback, process: Process, state: Path, tmp_path: Path
):
    [file] = state.rglob("login.json")
    record = json.loads(file.read_text())
    before = record["tokens"]["access_token"]
    record["tokens"]["expires_at"] -= 600
    file.write_text(json.dumps(record))

    watching = process("token", "--file", "token", "--watch")
    assert watching.stdout
    line = watching.stdout.readline().decode()
    watching.terminate()

    assert line.startswith("token is fresh for ")
    assert watching.wait(30) == 0
    watching.communicate()
    token = (tmp_path / "token").read_text()
    assert token == json.loads(file.read_text())["tokens"]["access_token"]
    assert token not in {"", before}
    assert loopback.count("auth/refresh") == 0
