"""``aikagi credentials`` as the SDKs of AWS start it."""

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import CredentialRetrievalError

from tests.aikagi.commands.conftest import Process, Typed, log_in
from tests.aikagi.loopback import REGION, Loopback, json_answer, problem
from tests.stack import ROOT, clean_environment

MODULES = """
import sys
sys.argv = ["aikagi", "credentials", "hello"]
import aikagi.__main__
code = aikagi.__main__.main()
slow = {"httpx2", "botocore", "boto3", "rich", "shtab", "asyncio"}
print(sorted(slow & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def test_they_are_what_credential_process_wants(alice_typed: Typed, loopback: Loopback):
    ran = alice_typed("credentials", "hello")

    printed = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert set(printed) == {
        "Version",
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
    }
    assert printed["Version"] == 1
    assert printed["Expiration"].endswith("Z")
    left = datetime.fromisoformat(printed["Expiration"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_as_json_they_are_all_that_a_client_needs(
    alice_typed: Typed, loopback: Loopback
):
    told = json.loads(alice_typed("credentials", "hello", "--format", "json").out)

    as_process = json.loads(alice_typed("credentials", "hello").out)
    assert told == {
        **{name: value for name, value in as_process.items() if name != "Version"},
        "FunctionName": "hello",
        "FuncUrl": loopback.function,
        "Region": REGION,
        "InvokeMode": "BUFFERED",
    }


def test_a_shell_that_evaluates_them_has_them_and_does_nothing_else(
    alice_typed: Typed, state: Path, tmp_path: Path
):
    told = json.loads(alice_typed("credentials", "hello").out)
    [grant] = state.rglob("grant-*.json")
    evil = "a' $(touch evil) `touch evil` \" ; touch evil"
    record = json.loads(grant.read_text())
    record["grant"]["session_token"] = evil
    grant.write_text(json.dumps(record))

    lines = alice_typed("credentials", "hello", "--format", "env").out
    ran = subprocess.run(
        ["sh", "-c", 'eval "$0"; env -0', lines],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )

    found = dict(line.split("=", 1) for line in ran.stdout.split("\0") if line)
    assert found["AWS_ACCESS_KEY_ID"] == told["AccessKeyId"]
    assert found["AWS_SECRET_ACCESS_KEY"] == told["SecretAccessKey"]
    assert found["AWS_SESSION_TOKEN"] == evil
    assert found["AWS_CREDENTIAL_EXPIRATION"] == told["Expiration"]
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("seconds", ["0", "-1", "1.5", "soon", "9" * 5000])
def test_a_duration_is_a_number_of_seconds(
    alice_typed: Typed, loopback: Loopback, seconds: str
):
    with pytest.raises(SystemExit) as ended:
        alice_typed("credentials", "hello", "--duration", seconds)

    assert (ended.value.code, loopback.count("grant")) == (2, 0)


def test_near_the_end_of_the_login_they_are_as_good_as_there_can_be(
    alice_typed: Typed, loopback: Loopback
):
    loopback.login_left = 60

    ran = alice_typed("credentials", "hello")

    assert (ran.code, ran.err) == (0, "")
    ends = datetime.fromisoformat(json.loads(ran.out)["Expiration"])
    assert 0 < (ends - loopback.now).total_seconds() <= 60
    assert alice_typed("credentials", "hello", "--duration", "61").code == 4


def test_a_function_that_is_listed_no_more_is_refused_as_before(
    alice_typed: Typed, loopback: Loopback
):
    loopback.longest = 1800
    loopback.broker_answers = [None, json_answer({"Functions": []})]

    ran = alice_typed("credentials", "hello")

    assert (ran.code, ran.out) == (4, "")
    assert ran.err == "Too long (request r-1).\n"


def test_the_cache_answers_without_an_http_client(
    alice_typed: Typed, loopback: Loopback, state: Path
):
    first = alice_typed("credentials", "hello")
    asked = len(loopback.asked)

    again = subprocess.run(
        [sys.executable, "-c", MODULES],
        env=clean_environment(PYTHONPATH=str(ROOT), XDG_STATE_HOME=str(state)),
        capture_output=True,
        text=True,
        check=True,
    )

    assert again.stdout == first.out
    assert again.stderr == "[]\n"
    assert len(loopback.asked) == asked


@pytest.mark.parametrize(
    ("life", "grants"),
    [
        pytest.param(3600, 1, id="long enough"),
        # botocore would ask again at every use.
        pytest.param(1190, 2, id="less than twenty minutes"),
    ],
)
def test_what_ends_too_soon_is_renewed(
    alice_typed: Typed, loopback: Loopback, life: float, grants: int
):
    loopback.grant_life = life

    for _ in range(2):
        assert alice_typed("credentials", "hello").code == 0

    assert loopback.count("grant") == grants


def test_a_function_that_grants_less_than_an_hour_gives_what_it_does(
    alice_typed: Typed, loopback: Loopback
):
    loopback.longest = 1800

    printed = json.loads(alice_typed("credentials", "hello").out)

    left = datetime.fromisoformat(printed["Expiration"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    assert alice_typed("credentials", "hello", "--duration", "3600").code == 4
    assert alice_typed("credentials", "hello", "--duration", "900").code == 0


def test_many_processes_at_once_make_one_grant(
    typed: Typed, loopback: Loopback, process: Process
):
    assert log_in(typed, loopback).code == 0

    started = [process("credentials", "hello") for _ in range(4)]
    said = [process.communicate(timeout=60) for process in started]

    assert [process.returncode for process in started] == [0] * 4, said
    assert loopback.count("grant") == 1
    assert len({out for out, _ in said}) == 1


@pytest.mark.parametrize("function", ["../../login", "login", "Hello", "", "合鍵" * 99])
def test_a_name_of_a_function_leads_to_no_other_file(
    alice_typed: Typed, state: Path, function: str
):
    before = {path: path.read_bytes() for path in state.rglob("*.json")}

    assert alice_typed("credentials", function).code == 4

    assert {path: path.read_bytes() for path in state.rglob("*.json")} == before


def test_a_grant_file_that_is_damaged_is_fetched_anew(
    alice_typed: Typed, loopback: Loopback, state: Path
):
    first = json.loads(alice_typed("credentials", "hello").out)
    [kept] = state.rglob("grant-*.json")
    kept.write_text(kept.read_text()[:-9])

    again = json.loads(alice_typed("credentials", "hello").out)

    assert again["AccessKeyId"] != first["AccessKeyId"]


@pytest.fixture
def profile(
    alice_typed: Typed, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> boto3.Session:
    """Give boto3 a profile that starts the command."""
    command = [sys.executable, "-m", "aikagi", "credentials", "hello"]
    config = tmp_path / "config"
    config.write_text(
        "[profile hello]\nregion = ap-northeast-1\n"
        f"credential_process = {shlex.join(command)}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    return boto3.Session(profile_name="hello")


def test_boto3_fetches_by_it_and_from_its_cache(
    profile: boto3.Session, loopback: Loopback
):
    credentials = profile.get_credentials()
    assert credentials
    first = credentials.get_frozen_credentials()
    again = boto3.Session(profile_name="hello").get_credentials()
    assert again

    assert credentials.method == "custom-process"
    assert str(first.access_key).startswith("ASIAEXAMPLE")
    assert again.get_frozen_credentials().access_key == first.access_key
    assert loopback.count("grant") == 1


def test_boto3_refreshes_by_it(profile: boto3.Session, loopback: Loopback):
    loopback.grant_life = 600.0  # so it is refreshed at every use
    credentials = profile.get_credentials()
    assert credentials
    first = credentials.get_frozen_credentials()

    loopback.grant_life = 3600.0
    second = credentials.get_frozen_credentials()
    asked = loopback.count("grant")
    third = credentials.get_frozen_credentials()

    assert second.access_key != first.access_key
    assert third.access_key == second.access_key
    assert loopback.count("grant") == asked


def test_boto3_shows_what_is_wrong(profile: boto3.Session, loopback: Loopback):
    loopback.end_login()

    with pytest.raises(CredentialRetrievalError) as raised:
        profile.get_credentials()

    assert "The login has ended. Log in: aikagi login" in str(raised.value)


def test_a_refusal_is_a_sentence_and_no_output(alice_typed: Typed, loopback: Loopback):
    loopback.broker_answers = [problem(403, "function-not-available", "Not yours")]

    ran = alice_typed("credentials", "hello")

    assert (ran.code, ran.out) == (4, "")
    assert ran.err == "Not yours (request r-1).\n"
