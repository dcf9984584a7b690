"""The client's files: every version is read, and a later one is left alone.

``stored`` holds the files of each version as that version wrote them. Whoever changes
what is written makes a new version, and a folder of it, and lets the old ones be.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from aikagi.disk.brokers import read_brokers, read_last_broker, write_login
from aikagi.disk.file_store import FileStore
from aikagi.errors import StateError, StateVersionError
from aikagi.grant import Grant
from aikagi.issuer import Issuer
from aikagi.records import (
    FUNCTIONS,
    TOKENS,
    VERSION,
    function_names_record,
    grant_entry_name,
    grant_record,
    read_function_names,
    read_grant,
    read_tokens,
    tokens_record,
)
from aikagi.tokens import Tokens
from tests.aikagi.commands.conftest import (
    Ran,
    Typed,
    log_in,
)
from tests.aikagi.loopback import Loopback

STORED: Final = Path(__file__).parent.parent / "stored"
BROKER: Final = "https://broker.example/"
GRANT_NAME: Final = grant_entry_name("hello", 3600)

ISSUER_BROKER: Final = "https://issuers.example/"
NAMES: Final = {"example": BROKER}
NAMED: Final = {1: {}, 2: NAMES, 3: NAMES}
LISTED: Final = {1: [], 2: ["hello", "report"], 3: ["hello", "report"]}
"""What each version stored of names; version 1 had none."""

TOKENS_STORED: Final = Tokens(
    login_id="0123456789abcdef0123456789abcdef",
    username="alice",
    access_token="an access token",
    expires_at=1795000900.0,
    lifetime=900.0,
    refresh_token="a refresh token",
    refresh_expires_at=1795043200.0,
)
ISSUER_TOKENS_STORED: Final = replace(
    TOKENS_STORED,
    refresh_expires_at=None,
    issuer=Issuer(
        name="okta",
        title="Okta",
        url="https://issuer.example",
        client_id="aikagi",
        scopes=("openid", "offline_access"),
        send_token="id_token",
    ),
    issuer_subject="auth0|5f7",
)
"""Through an issuer, from version 3 on."""

GRANT_STORED: Final = Grant(
    function_name="hello",
    func_url="https://hello.lambda-url.eu-west-1.on.aws/",
    region="eu-west-1",
    invoke_mode="BUFFERED",
    access_key_id="ASIAEXAMPLE",
    secret_access_key="a secret access key",
    session_token="a session token",
    expires_at=datetime(2026, 11, 18, 8, 41, 40, tzinfo=UTC),
    clock_offset=0.5,
    lifetime=3599.5,
)


def copy_of(version: int, folder: Path) -> Path:
    """Copy a version's files to where they are their owner's alone."""
    copy = folder / "aikagi"
    shutil.copytree(STORED / f"version-{version}", copy)
    for path in copy.rglob("*.json"):
        path.chmod(0o600)
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def test_there_are_files_of_every_version():
    found = sorted(path.name for path in STORED.iterdir())

    assert found == [f"version-{version}" for version in range(1, VERSION + 1)]


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_the_files_of_every_version_are_read(tmp_path: Path, version: int):
    folder = copy_of(version, tmp_path)
    store = FileStore(folder, BROKER)

    assert read_last_broker(folder) == BROKER
    assert read_tokens(store.entry(TOKENS)) == TOKENS_STORED
    grant = read_grant(store.entry(GRANT_NAME), TOKENS_STORED.login_id)
    assert grant == GRANT_STORED
    assert read_grant(store.entry(GRANT_NAME), "another login") is None
    assert read_brokers(folder) == NAMED[version]
    assert read_function_names(store.entry(FUNCTIONS)) == LISTED[version]
    through_issuer = read_tokens(FileStore(folder, ISSUER_BROKER).entry(TOKENS))
    assert through_issuer == (ISSUER_TOKENS_STORED if version >= 3 else None)


def test_what_is_written_is_of_the_last_version(tmp_path: Path):
    store = FileStore(tmp_path, BROKER)

    store.entry(TOKENS).write(tokens_record(TOKENS_STORED))
    store.entry(GRANT_NAME).write(grant_record(TOKENS_STORED.login_id, GRANT_STORED))
    store.entry(FUNCTIONS).write(function_names_record(["hello", "report"]))
    write_login(tmp_path, BROKER, "example")
    issuers = FileStore(tmp_path, ISSUER_BROKER)
    issuers.entry(TOKENS).write(tokens_record(ISSUER_TOKENS_STORED))

    assert contents(tmp_path) == contents(STORED / f"version-{VERSION}")


def test_an_old_file_is_replaced_by_a_new_one(tmp_path: Path):
    folder = copy_of(1, tmp_path)
    entry = FileStore(folder, BROKER).entry(TOKENS)

    entry.write(tokens_record(replace(TOKENS_STORED, username="bob")))

    assert (entry.read() or {}).get("version") == VERSION
    tokens = read_tokens(entry)
    assert tokens
    assert tokens.username == "bob"


def edit(path: Path, **members: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))


@pytest.mark.parametrize("change", ["write", "remove", "clear"])
def test_nothing_replaces_or_removes_a_file_of_a_later_version(
    tmp_path: Path, change: str
):
    folder = copy_of(VERSION, tmp_path)
    store = FileStore(folder, BROKER)
    entry = store.entry(TOKENS)
    edit(folder / "broker.example-525d5451bac6/login.json", version=VERSION + 1)
    before = contents(folder)
    changes: dict[str, Callable[[], None]] = {
        "write": lambda: entry.write(tokens_record(TOKENS_STORED)),
        "remove": entry.remove,
        "clear": store.clear,
    }

    with pytest.raises(StateVersionError):
        changes[change]()

    assert contents(folder) == before


def files_of(state: Path) -> dict[str, Path]:
    """Name the files of a login and one grant by what they hold."""
    return {
        path.stem.partition("-")[0]: path for path in (state / "aikagi").rglob("*.json")
    }


def run(typed: Typed, loopback: Loopback, command: str) -> Ran:
    if command == "login":
        return log_in(typed, loopback)
    return typed(command, *(["hello"] if command == "credentials" else []))


@pytest.mark.parametrize("name", ["broker", "login", "grant"])
@pytest.mark.parametrize("command", ["credentials", "login", "logout"])
def test_a_file_of_a_later_version_is_named_and_left_as_it_is(
    alice_typed: Typed, loopback: Loopback, state: Path, name: str, command: str
):
    assert alice_typed("credentials", "hello").code == 0
    edit(files_of(state)[name], version=VERSION + 1)
    before, asked = contents(state), list(loopback.asked)

    ran = run(alice_typed, loopback, command)

    assert (ran.code, ran.out) == (7, "")
    assert str(files_of(state)[name]) in ran.err
    assert "update aikagi" in ran.err
    assert contents(state) == before
    assert loopback.asked == asked


@pytest.mark.parametrize("command", ["credentials", "login", "logout"])
def test_files_of_the_version_before_do_for_every_command(
    alice_typed: Typed, loopback: Loopback, state: Path, command: str
):
    first = alice_typed("credentials", "hello")
    files = files_of(state)
    for name, members in {
        "broker": {"Broker": loopback.base},
        "login": as_version_1(files["login"], "tokens"),
        "grant": as_version_1(files["grant"], "grant"),
    }.items():
        files[name].write_text(json.dumps(members))
    asked = list(loopback.asked)

    ran = run(alice_typed, loopback, command)

    assert ran.code == 0, ran.err
    if command == "credentials":
        assert ran == first
        assert loopback.asked == asked


OLD_NAMES: Final = {
    "login_id": "login",
    "access_token": "access",
    "refresh_token": "refresh",
    "refresh_expires_at": "refresh_ends_at",
    "lifetime": "life",
    "clock_offset": "ahead",
}


def as_version_1(path: Path, member: str) -> dict[str, Any]:
    record = json.loads(path.read_text())
    old = {OLD_NAMES.get(name, name): value for name, value in record[member].items()}
    if member == "grant":
        return {"login": record["login_id"], "grant": old}
    return {**old, "ends_at": old.pop("expires_at")}


@pytest.mark.parametrize("version", ["3", None, [2], 2.5])
def test_a_version_that_is_no_number_is_damage(tmp_path: Path, version: object):
    folder = copy_of(VERSION, tmp_path)
    store = FileStore(folder, BROKER)
    edit(folder / "broker.example-525d5451bac6/login.json", version=version)

    with pytest.raises(StateError, match="damaged"):
        read_tokens(store.entry(TOKENS))
    store.clear()
    assert read_tokens(store.entry(TOKENS)) is None
