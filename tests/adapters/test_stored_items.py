"""The table's items and the catalogue's entries: of every version, and of a later one.

``stored`` holds them as each version wrote them, items in DynamoDB's wire form. Whoever
changes what is written makes a new version, and a folder of it, and lets the old be.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from app.adapters import catalogue_entry, issuer_entry
from app.adapters.attempt_table import AttemptTable
from app.adapters.catalogue_entry import EntryRules, read_entry
from app.adapters.issuer_entry import IssuerRules, read_issuer
from app.adapters.login_table import LoginTable
from app.adapters.passwords import Passwords
from app.adapters.table import VERSION, Table, connect
from app.adapters.tokens.refresh import RefreshTokens
from app.adapters.users import UserTable
from app.admin.retries import Retries
from app.admin.users import UserAdministration, local_identity
from app.audit_trail import AuditTrail
from app.broker import Broker
from app.domain.catalogue import InvokeMode
from app.domain.errors import UsersUnavailableError
from app.domain.identity import CheckedPassword, Identity, RefusedPassword, User
from app.domain.issuers import Issuer, SendToken, SignIn
from app.domain.limits import Attempt, History, Tally
from app.domain.logins import Lifetimes, Login
from app.grant_limits import TokenBuckets
from app.logins import RotatingLogins
from app.password_checks import LimitedPasswordChecks
from app.web.application import create_app
from tests.fakes import (
    NOON,
    Clock,
    FixedCatalogue,
    FixedIssuers,
    Ids,
    KeySet,
    RecordingAudit,
    RecordingSessions,
    a_function,
    access_tokens,
)
from tests.scripted_aws import ScriptedAws
from tests.working_table import NAME, Item, WorkingTable

STORED: Final = Path(__file__).parent / "stored"
ITEMS: Final = STORED / "items"
ENTRIES: Final = STORED / "entries"
ISSUERS: Final = STORED / "issuers"
PASSWORD: Final = "wonderland-1865"
CREDENTIALS_VERSION: Final = "fedcba98765432100123456789abcdef"
STRANGER: Final = Identity(issuer="corp", subject="auth0|\u00c4#1")
WITHOUT_WAITING: Final = Retries(wait=lambda _: None, report=lambda _: None)
LIFETIMES: Final = Lifetimes(longest=timedelta(days=7), idle=timedelta(hours=12))
MOMENT: Final = NOON.replace(microsecond=123000)
"""As the table has it: in milliseconds."""


def user(name: str, *groups: str) -> User:
    return User(
        identity=Identity(issuer="local", subject=name),
        groups=frozenset(groups),
        credentials_version=CREDENTIALS_VERSION,
    )


def begun(login_id: str) -> Login:
    return Login.begin(login_id, user("alice"), "a" * 64, MOMENT, LIFETIMES)


USERS: Final = {
    "user": user("alice", "everyone", "research"),
    "user-without-groups": user("bob"),
    "user-disabled": None,
    "user-with-one-time-password": user("dave", "everyone"),
}
LOGINS: Final = {
    "login": begun("0" * 32),
    "login-renewed": begun("1" * 32).rotated(
        "b" * 64, MOMENT + timedelta(hours=1), LIFETIMES
    ),
    "login-ended": replace(begun("2" * 32), ended_at=MOMENT + timedelta(hours=2)),
}


ATTEMPT: Final = Attempt.of("local", "alice", "203.0.113.7")
HISTORY: Final = History(
    seen_at=MOMENT,
    tallies={
        ATTEMPT.pair: Tally(
            failures=2, began_at=MOMENT, failed_at=MOMENT + timedelta(seconds=1)
        )
    },
)
"""Items of this came to version 2 later: what knows them not never asks for them."""


@pytest.fixture(scope="module")
def made() -> WorkingTable:
    return WorkingTable()


@pytest.fixture
def working(made: WorkingTable, script: ScriptedAws) -> WorkingTable:
    made.clear()
    script.will_ask(made.answer)
    return made


@pytest.fixture
def table(working: WorkingTable, script: ScriptedAws) -> Table:
    del working  # whose the script is by now
    return Table(connect(script.session()), name=NAME)


def stored(path: Path) -> Item:
    item: Item = json.loads(path.read_text())
    return item


def versions_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def versions_up_to(last: int) -> list[str]:
    return [f"version-{version}" for version in range(1, last + 1)]


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


# Of every version


def test_there_are_items_and_entries_of_every_version():
    assert versions_in(ITEMS) == versions_up_to(VERSION)
    assert versions_in(ENTRIES) == versions_up_to(catalogue_entry.VERSION)
    assert versions_in(ISSUERS) == versions_up_to(issuer_entry.VERSION)


@pytest.mark.parametrize("path", sorted(ISSUERS.rglob("*.json")), ids=name_of)
def test_issuers_of_every_version_are_read(path: Path):
    assert read_issuer("corp", path.read_text(), IssuerRules(own="test")) == Issuer(
        alias="corp",
        title="Corporation",
        url="https://login.example.com/tenant/v2.0",
        audiences=frozenset({"a-client", "another-client"}),
        client_id_claim=("client_id",),
        required_claims={"token_use": "access", "email_verified": True, "level": 2},
        algorithms=frozenset({"RS256", "ES256"}),
        jwks_uri="https://login.example.com/tenant/keys",
        longest_life=timedelta(hours=1),
        subject_claim=("https://example.com/employee.id",),
        groups_claim=("realm_access", "roles"),
        groups={
            "staff": frozenset({"everyone"}),
            "lab": frozenset({"everyone", "research"}),
        },
        sign_in=SignIn(
            client_id="a-client",
            scopes=("openid", "offline_access"),
            send_token=SendToken.ACCESS_TOKEN,
            origins=("https://login.example.com", "https://tokens.example.com"),
        ),
    )


@pytest.mark.parametrize("path", sorted(ITEMS.rglob("user*.json")), ids=name_of)
def test_users_of_every_version_are_read(
    table: Table, working: WorkingTable, path: Path
):
    item = stored(path)
    working.put(item)
    users = UserTable(table, passwords=Passwords())
    username = item["pk"]["S"].removeprefix("principal#local#")

    expected = USERS[path.stem]
    assert users.find(Identity(issuer="local", subject=username)) == expected
    checked = users.authenticate(username, PASSWORD)
    if isinstance(checked, RefusedPassword):
        assert expected is None
        return
    assert checked.user == expected
    assert checked.is_one_time == ("one-time" in path.stem)


@pytest.mark.parametrize("path", sorted(ITEMS.rglob("user*.json")), ids=name_of)
def test_passwords_of_every_version_are_changed_by_themselves(
    table: Table, working: WorkingTable, path: Path
):
    item = stored(path)
    working.put(item)
    users = UserTable(table, passwords=Passwords())
    username = item["pk"]["S"].removeprefix("principal#local#")
    checked = users.authenticate(username, PASSWORD)
    if isinstance(checked, RefusedPassword):
        assert path.stem == "user-disabled"
        return

    assert users.replace_password(checked, "looking-glass-1871", "another")

    again = users.authenticate(username, "looking-glass-1871")
    assert isinstance(again, CheckedPassword)
    assert not again.is_one_time
    assert again.user == replace(checked.user, credentials_version="another")
    assert isinstance(users.authenticate(username, PASSWORD), RefusedPassword)
    kept = working.item(item["pk"]["S"])
    assert kept["version"] == {"N": str(VERSION)}
    assert kept.keys() == {*item.keys(), "version", "password_hash"} - {
        "one_time_password_hash"
    }
    # What was checked then is another by now.
    assert not users.replace_password(checked, "through-the-glass", "a-third")
    assert working.item(item["pk"]["S"]) == kept


@pytest.mark.parametrize("path", sorted(ITEMS.rglob("principal*.json")), ids=name_of)
def test_people_of_other_issuers_of_every_version_are_read(
    table: Table, working: WorkingTable, path: Path
):
    item = stored(path)
    working.put(item)
    _, issuer, subject = item["pk"]["S"].split("#", 2)
    identity = Identity(issuer=issuer, subject=subject)

    shown = administration(table).find(identity)

    assert shown is not None
    assert (shown.identity, shown.disabled) == (identity, "disabled" in item)
    found = UserTable(table, passwords=Passwords()).find(identity)
    assert (found is None) == shown.disabled


@pytest.mark.parametrize("path", sorted(ITEMS.rglob("login*.json")), ids=name_of)
def test_logins_of_every_version_are_read_and_changed_to_the_last(
    table: Table, working: WorkingTable, path: Path
):
    item = stored(path)
    working.put(item)
    logins = LoginTable(table)
    expected = LOGINS[path.stem]

    read = logins.read(expected.id)

    assert read == expected
    renewed = expected.rotated("c" * 64, MOMENT, LIFETIMES)
    assert logins.rotate(renewed) == (expected.ended_at is None)
    logins.end(expected.id, MOMENT)
    assert working.item(item["pk"]["S"])["version"] == {"N": str(VERSION)}


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in ITEMS.rglob("limit-pair.json")}),
    ids=lambda folder: folder.name,
)
def test_attempts_of_every_version_are_read_and_counted_on(
    table: Table, working: WorkingTable, folder: Path
):
    for name in ("limit-pair", "seen"):
        working.put(stored(folder / f"{name}.json"))
    attempts = AttemptTable(table)

    assert attempts.read(ATTEMPT) == HISTORY
    later = MOMENT + timedelta(hours=2)
    attempts.count(ATTEMPT.pair, HISTORY.tallies[ATTEMPT.pair], later)
    attempts.note_login(ATTEMPT, later)
    assert attempts.read(ATTEMPT).seen_at == later
    assert {item["version"]["N"] for item in working.items()} == {str(VERSION)}


@pytest.mark.parametrize("path", sorted(ENTRIES.rglob("*.json")), ids=name_of)
def test_entries_of_every_version_are_read(path: Path):
    role = "arn:aws:iam::123456789012:role/aikagi-InvokeRole"

    function = read_entry(path.stem, path.read_text(), EntryRules(role=role))

    assert function.name == "hello"
    assert function.title == "Hello"
    assert function.invoke_mode is InvokeMode.BUFFERED
    assert function.groups == {"everyone"}
    assert (function.role_arn, function.max_duration_seconds) == (role, 3600)


def write_all(table: Table) -> None:
    """Write what the files hold, as an operator and the broker do."""
    users = administration(table)
    users.add("alice", PASSWORD, ["everyone", "research"])
    users.add("bob", PASSWORD, [])
    users.add("carol", PASSWORD, ["everyone"])
    users.set_disabled(local_identity("carol"), disabled=True)
    users.add("dave", PASSWORD, ["everyone"], one_time=True)
    users.set_disabled(STRANGER, disabled=True)
    users.end_logins(Identity(issuer="corp", subject="x"))
    logins = LoginTable(table)
    for login in LOGINS.values():
        logins.add(begun(login.id))
    logins.rotate(LOGINS["login-renewed"])
    logins.end(LOGINS["login-ended"].id, MOMENT + timedelta(hours=2))
    attempts = AttemptTable(table)
    attempts.count(ATTEMPT.pair, None, MOMENT)
    attempts.count(
        ATTEMPT.pair,
        Tally(failures=1, began_at=MOMENT, failed_at=MOMENT),
        MOMENT + timedelta(seconds=1),
    )
    attempts.note_login(ATTEMPT, MOMENT)


def administration(table: Table) -> UserAdministration:
    return UserAdministration(
        table,
        passwords=Passwords(),
        clock=Clock(),
        new_id=lambda: CREDENTIALS_VERSION,
    )


def without_salt(item: Item) -> Item:
    """Leave out the hash, which is another one every time."""
    return {
        name: {"S": "argon2id"}
        if value.get("S", "").startswith("$argon2id$")
        else value
        for name, value in item.items()
    }


def test_what_is_written_is_of_the_last_version(table: Table, working: WorkingTable):
    write_all(table)

    files = (ITEMS / f"version-{VERSION}").glob("*.json")
    by_key = {item["pk"]["S"]: item for item in map(stored, files)}
    assert [without_salt(item) for item in working.items()] == [
        without_salt(item) for _, item in sorted(by_key.items())
    ]


# Of a later version


LATER: Final = {"version": {"N": str(VERSION + 1)}, "unheard_of": {"S": "then"}}


def of_a_later_version(item: Item) -> Item:
    return {**item, **LATER}


def every_item(version: int = VERSION) -> Iterator[Item]:
    return map(stored, (ITEMS / f"version-{version}").glob("*.json"))


CHANGES: Final[dict[str, Callable[[Table], object]]] = {
    "add a user": lambda table: administration(table).add("alice", PASSWORD, []),
    "set a password": lambda table: administration(table).set_password(
        "alice", "looking-glass-1871"
    ),
    "set groups": lambda table: administration(table).set_groups("alice", ["x"]),
    "leave no group": lambda table: administration(table).set_groups("alice", []),
    "disable": lambda table: administration(table).set_disabled(
        local_identity("alice"), disabled=True
    ),
    "enable": lambda table: administration(table).set_disabled(
        local_identity("carol"), disabled=False
    ),
    "set a one-time password": lambda table: administration(table).set_password(
        "alice", PASSWORD, one_time=True
    ),
    "end logins": lambda table: administration(table).end_logins(
        local_identity("alice")
    ),
    "remove": lambda table: administration(table).remove("alice"),
    "disable somebody of another issuer": lambda table: administration(
        table
    ).set_disabled(STRANGER, disabled=True),
    "end logins of another issuer": lambda table: administration(table).end_logins(
        STRANGER
    ),
    "change a password": lambda table: UserTable(
        table, passwords=Passwords()
    ).replace_password(
        CheckedPassword(
            user=user("alice"), is_one_time=False, stored_hash="$argon2id$whatever"
        ),
        "looking-glass-1871",
        "another",
    ),
    "begin a login": lambda table: LoginTable(table).add(LOGINS["login"]),
    "renew a login": lambda table: LoginTable(table).rotate(
        LOGINS["login"].rotated("c" * 64, MOMENT, LIFETIMES)
    ),
    "end a login": lambda table: LoginTable(table).end(LOGINS["login"].id, MOMENT),
    "count a failure": lambda table: AttemptTable(table).count(
        ATTEMPT.pair, HISTORY.tallies[ATTEMPT.pair], MOMENT
    ),
    "take a failure back": lambda table: AttemptTable(table).take_back(ATTEMPT.pair),
    "forget failures": lambda table: AttemptTable(table).forget(ATTEMPT.pair),
    "note a login": lambda table: AttemptTable(table).note_login(
        ATTEMPT, MOMENT + timedelta(days=1)
    ),
}
"""All that writes, each of an item that is there."""


@pytest.mark.parametrize("change", [pytest.param(CHANGES[n], id=n) for n in CHANGES])
def test_nothing_changes_an_item_of_a_later_version(
    table: Table,
    working: WorkingTable,
    change: Callable[[Table], object],
    caplog: pytest.LogCaptureFixture,
):
    for item in every_item():
        working.put(of_a_later_version(item))
    before = working.items()

    with pytest.raises(UsersUnavailableError) as caught:
        change(table)

    assert working.items() == before
    assert caught.value.retry_after_seconds is None
    assert str(caught.value) == ""
    [record] = [record for record in caplog.records if record.name.startswith("app.")]
    assert record.levelno == logging.ERROR
    assert record.exc_info is None
    assert (
        "was written by a later version of the broker (its format is "
        f"{VERSION + 1}, this one knows {VERSION})"
    ) in record.getMessage()


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda table: LoginTable(table).read("0" * 32), id="a login"),
        pytest.param(
            lambda table: UserTable(table, passwords=Passwords()).find(
                user("alice").identity
            ),
            id="a user",
        ),
        pytest.param(
            lambda table: next(administration(table).pages(WITHOUT_WAITING)),
            id="all users",
        ),
        pytest.param(
            lambda table: AttemptTable(table).read(ATTEMPT).tallies, id="failures"
        ),
    ],
)
def test_an_item_of_a_later_version_is_not_read(
    table: Table, working: WorkingTable, read: Callable[[Table], object]
):
    for item in every_item():
        working.put(item)
    assert read(table)

    for item in every_item():
        working.put(of_a_later_version(item))
    with pytest.raises(UsersUnavailableError):
        read(table)


def test_one_item_of_a_later_version_is_no_other_persons_concern(
    table: Table, working: WorkingTable
):
    for item in every_item():
        is_alices = item["pk"]["S"] == "principal#local#alice"
        working.put(of_a_later_version(item) if is_alices else item)
    users = UserTable(table, passwords=Passwords())

    checked = users.authenticate("bob", PASSWORD)
    assert isinstance(checked, CheckedPassword)
    assert checked.user == USERS["user-without-groups"]
    with pytest.raises(UsersUnavailableError):
        users.authenticate("alice", PASSWORD)


@pytest.mark.parametrize("version", [{"S": "2"}, {"N": f"{VERSION}.5"}, {"NULL": True}])
def test_a_version_that_is_no_whole_number_lets_nobody_in_and_is_left_alone(
    table: Table, working: WorkingTable, version: dict[str, Any]
):
    for item in every_item():
        working.put({**item, "version": version})
    before = working.items()

    for act in (
        lambda: UserTable(table, passwords=Passwords()).find(user("alice").identity),
        lambda: administration(table).set_groups("alice", ["x"]),
        lambda: LoginTable(table).read("0" * 32),
    ):
        with pytest.raises(UsersUnavailableError):
            act()
    assert [item["version"] for item in working.items()] == [version] * len(before)


# As a client meets it


@pytest.fixture
def client(table: Table, clock: Clock) -> Iterator[TestClient]:
    users = UserTable(table, passwords=Passwords())
    broker = Broker(
        passwords=LimitedPasswordChecks(users, AttemptTable(table), clock=clock),
        users=users,
        tokens=access_tokens(clock),
        logins=RotatingLogins(
            LoginTable(table),
            RefreshTokens(KeySet()),
            lifetimes=LIFETIMES,
            clock=clock,
        ),
        issuers=FixedIssuers(),
        catalogue=FixedCatalogue(a_function("hello", "everyone")),
        grant_limits=TokenBuckets(clock=clock),
        sessions=RecordingSessions(clock),
        audit=AuditTrail(log=RecordingAudit(), clock=clock),
        clock=clock,
        new_id=Ids(),
    )
    app = create_app(broker, allowed_origins=[], connect_to=[])
    with TestClient(app) as client:
        yield client


REQUESTS: Final[dict[str, Callable[[TestClient, dict[str, str]], Any]]] = {
    "log in": lambda client, _: client.post(
        "/auth/login", data={"username": "alice", "password": PASSWORD}
    ),
    "log in with a wrong password": lambda client, _: client.post(
        "/auth/login", data={"username": "alice", "password": "wrong-wrong"}
    ),
    "refresh": lambda client, tokens: client.post(
        "/auth/refresh",
        data={
            "grant_type": "refresh_token",
            "refresh_token": tokens["refresh_token"],
        },
    ),
    "log out": lambda client, tokens: client.post(
        "/auth/logout", headers=bearer(tokens)
    ),
    "see who I am": lambda client, tokens: client.get(
        "/auth/me", headers=bearer(tokens)
    ),
    "get a grant": lambda client, tokens: client.post(
        "/grant", json={"FunctionName": "hello"}, headers=bearer(tokens)
    ),
}


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@pytest.mark.parametrize("ask", [pytest.param(REQUESTS[n], id=n) for n in REQUESTS])
def test_a_client_is_told_that_the_table_is_unavailable_and_nothing_is_over(
    client: TestClient,
    table: Table,
    working: WorkingTable,
    ask: Callable[[TestClient, dict[str, str]], Any],
):
    administration(table).add("alice", PASSWORD, ["everyone"])
    tokens = REQUESTS["log in"](client, {}).json()
    known = working.items()
    for item in known:
        working.put(of_a_later_version(item))

    response = ask(client, tokens)

    assert response.status_code == 503
    assert response.json()["type"] == "urn:aikagi:problem:users-unavailable"
    assert working.items() == [of_a_later_version(item) for item in known]
    # The broker that knows that version, or this one once the item is as it was.
    for item in known:
        working.put(item)
    assert REQUESTS["refresh"](client, tokens).status_code == 200
