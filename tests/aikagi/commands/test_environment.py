"""Commands where a person's machine has something set, closed or missing."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.aikagi.commands.conftest import Ran, Typed, log_in
from tests.aikagi.loopback import Loopback, json_answer
from tests.stack import ROOT, clean_environment

NOWHERE: Final = "http://alice:s3cret@127.0.0.1:1"
PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
AUTHORITIES: Final = (
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("AWS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
AWS: Final = (
    *("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_ENDPOINT_URL", "AWS_MAX_ATTEMPTS", "AWS_USE_FIPS_ENDPOINT"),
    "AWS_RETRY_MODE",
)
VARIABLES: Final[dict[str, Mapping[str, str]]] = {
    "proxies": dict.fromkeys((*PROXIES, *map(str.upper, PROXIES)), NOWHERE),
    "a proxy of another protocol": {"ALL_PROXY": "socks5://127.0.0.1:1"},
    "no proxy for some": {"HTTP_PROXY": NOWHERE, "NO_PROXY": "example.com, [::1"},
    "authorities nowhere": dict.fromkeys(AUTHORITIES, "/nowhere"),
    "a terminal that can nothing": {"TERM": "dumb", "NO_COLOR": "1"},
    "a narrow terminal": {"TERM": "", "COLUMNS": "20"},
    "no columns": {"COLUMNS": "wide", "LINES": "-1"},
    "settings of AWS": dict.fromkeys(AWS, "nonsense"),
    "no home": {"HOME": ""},
    "a home that is not there": {"HOME": "/nowhere"},
    "a zone that is not there": {"TZ": "Nowhere/Land"},
}

INTERPRETER: Final[dict[str, Mapping[str, str]]] = {
    "no locale": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "a locale that is not there": {"LC_ALL": "ja_JP.SJIS"},
    "another encoding": {"PYTHONIOENCODING": "ascii"},
    "an encoding of other letters": {"PYTHONIOENCODING": "shift_jis"},
    "warnings as errors": {"PYTHONWARNINGS": "error"},
}
"""What Python itself reads when it begins."""


@pytest.fixture
def logged_in(typed: Typed, loopback: Loopback) -> None:
    loopback.title = "合鍵\u2028é"
    loopback.answer = lambda _: json_answer({"message": "合鍵 é"})
    assert log_in(typed, loopback).code == 0


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize("name", list(VARIABLES))
def test_commands_work_whatever_is_set(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, name: str
):
    for variable, value in VARIABLES[name].items():
        monkeypatch.setenv(variable, value)

    for words in (
        ("functions",),
        ("whoami",),
        ("call", "hello", "--json"),
        ("credentials", "hello"),
        ("brokers",),
    ):
        ran = typed(*words)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out
        assert "s3cret" not in ran.out


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize("name", list(INTERPRETER))
def test_a_command_works_however_python_is_set(state: Path, name: str):
    given = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state), **INTERPRETER[name]}
    ran = subprocess.run(
        [sys.executable, "-m", "aikagi", "call", "hello"],
        env=clean_environment(**given),
        capture_output=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"message" in ran.stdout


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize(
    ("words", "closed", "code"),
    [
        ("call hello", ">&-", 0),
        ("functions", "<&- >&- 2>&-", 0),
        ("login --local", "<&- 2>&-", 2),
    ],
)
def test_a_stream_that_is_closed_ends_no_command(
    state: Path, words: str, closed: str, code: int
):
    ran = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m aikagi {words} {closed}"],
        cwd=state,
        env=clean_environment(PYTHONPATH=str(ROOT), XDG_STATE_HOME=str(state)),
        capture_output=True,
        check=False,
    )

    assert ran.returncode == code
    assert b"Traceback" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize("words", [["call", "hello"], ["--version"]])
def test_an_output_that_is_full_is_said(state: Path, words: list[str]):
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "aikagi", *words],
            env=clean_environment(PYTHONPATH=str(ROOT), XDG_STATE_HOME=str(state)),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert ran.returncode == 7
    assert (
        ran.stderr == b"Standard output cannot be written: No space left on device.\n"
    )


def test_who_has_no_home_is_asked_for_one():
    program = (
        "import os, pathlib\n"
        "def home(): raise RuntimeError\n"
        "pathlib.Path.home = home\n"
        "os.environ.pop('XDG_STATE_HOME', None)\n"
        "from aikagi.__main__ import main\n"
        "raise SystemExit(main(['whoami']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 7
    assert b"XDG_STATE_HOME" in ran.stderr
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize("name", ["login.lock", "grant-3600-hello.lock"])
def test_a_lock_that_is_a_link_is_refused(
    alice_typed: Typed, loopback: Loopback, state: Path, tmp_path: Path, name: str
):
    [login] = state.rglob("login.json")
    victim = tmp_path / "victim"
    link = login.with_name(name)
    link.unlink(missing_ok=True)
    link.symlink_to(victim)

    def run() -> Ran:
        if name == "login.lock":
            return log_in(alice_typed, loopback)
        return alice_typed("credentials", "hello")

    ran = run()
    assert ran.code == 7
    assert str(link) in ran.err
    assert not victim.exists()
    link.unlink()
    assert run().code == 0


@pytest.mark.parametrize("words", [("whoami",), ("logout",), ("credentials", "hello")])
@pytest.mark.parametrize("depth", [0, 1])
def test_a_folder_of_the_login_that_is_a_link_is_refused(
    alice_typed: Typed, state: Path, depth: int, words: tuple[str, ...]
):
    [login] = state.rglob("login.json")
    folder = login.parents[depth]
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(elsewhere)

    ran = alice_typed(*words)

    assert ran.code == 7
    assert f"{folder} is a link" in ran.err
    assert list(elsewhere.rglob("login.json"))
    folder.unlink()
    elsewhere.rename(folder)
    assert alice_typed(*words).code == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_home_that_cannot_be_written_is_said(
    alice_typed: Typed, loopback: Loopback, state: Path
):
    [login] = state.rglob("login.json")
    login.parent.chmod(0o500)

    ran = log_in(alice_typed, loopback)

    assert ran.code == 7
    assert "Permission denied" in ran.err


@pytest.mark.parametrize("stored", ["broker.json", "brokers.json", "stack.json"])
def test_an_address_in_the_open_is_refused_wherever_it_stands(
    alice_typed: Typed,
    loopback: Loopback,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stored: str,
):
    loopback.asked.clear()
    words: tuple[str, ...] = ("whoami",)
    if stored == "stack.json":
        (tmp_path / ".local").mkdir()
        file = tmp_path / ".local/stack.json"
        file.write_text('{"Broker": "http://192.0.2.1/"}')
        words = ("login", "--local", "-u", "alice", "--password-stdin")
    else:
        [file] = state.rglob(stored)
        file.write_text(
            file.read_text().replace("http://127.0.0.1", "http://192.0.2.1")
        )
    if stored == "brokers.json":
        words = ("whoami", "--broker", loopback.base.partition("//")[2].rstrip("/"))

    ran = alice_typed(*words)
    monkeypatch.setenv("AIKAGI_BROKER", "http://192.0.2.1/")
    by_variable = alice_typed("whoami")
    by_option = alice_typed("whoami", "--broker", "http://192.0.2.1")

    assert (ran.code, by_variable.code, by_option.code) == (2, 2, 2)
    assert "https://" in by_variable.err + by_option.err
    assert loopback.asked == []


def test_a_stored_grant_for_an_address_in_the_open_is_none(
    alice_typed: Typed, loopback: Loopback, state: Path
):
    assert alice_typed("call", "hello").code == 0
    [file] = state.rglob("grant-*.json")
    file.write_text(file.read_text().replace(loopback.function, "http://192.0.2.1/"))

    assert alice_typed("call", "hello").code == 0

    assert loopback.count("grant") == 2
    assert "192.0.2.1" not in file.read_text()
