"""Whoever presents a name and a password: what it costs, and what they can tell.

The routes, the table in a DynamoDB that works, and a hasher that counts what it does.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from httpx2 import Response
from typing_extensions import override

from app.adapters.passwords import Passwords
from app.adapters.table import Table, connect
from app.adapters.users import UserTable
from app.broker import Broker
from app.password_checks import LimitedPasswordChecks
from app.web.application import create_app
from tests.fakes import AttemptsInMemory, Clock
from tests.scripted_aws import ScriptedAws
from tests.working_table import NAME, Item, WorkingTable

RIGHT: Final = "wonderland-1865"
NEW: Final = "looking-glass-1871"
PASSWORDS: Final = Passwords()
HASH: Final = {"S": PASSWORDS.hash(RIGHT)}
RECORDS: Final[dict[str, Item]] = {
    "alice": {"password_hash": HASH},
    "once": {"one_time_password_hash": HASH},
    "disabled": {"password_hash": HASH, "disabled": {"BOOL": True}},
    "disabled-once": {"one_time_password_hash": HASH, "disabled": {"BOOL": True}},
    "corrupt": {"password_hash": {"S": "$argon2id$v=19$m=8"}},
    "greedy": {"password_hash": {"S": HASH["S"].replace("m=19456", "m=4194304")}},
    "for-minutes": {"password_hash": {"S": HASH["S"].replace("t=2", "t=99999")}},
    "many-lanes": {"password_hash": {"S": HASH["S"].replace("p=1", "p=999")}},
    "corrupt-once": {"one_time_password_hash": {"N": "1"}, "password_hash": HASH},
    "without": {},
}


class CountingHasher(PasswordHasher):
    """The real one, of the usual cost."""

    def __init__(self) -> None:
        super().__init__(2, 19 * 1024, 1, 32, 16)
        self.done: list[str] = []

    @override
    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        self.done.append("verify")
        assert b"m=19456,t=2,p=1" in str(hash).encode()
        return super().verify(hash, password)

    @override
    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.done.append("hash")
        return super().hash(password, salt=salt)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture(scope="module")
def made() -> WorkingTable:
    return WorkingTable()


@pytest.fixture
def working(made: WorkingTable, script: ScriptedAws) -> WorkingTable:
    made.clear()
    script.will_ask(made.answer)
    for name, attributes in RECORDS.items():
        made.put({"pk": {"S": f"principal#local#{name}"}, **attributes})
    return made


@pytest.fixture
def asking(
    broker: Broker,
    hasher: CountingHasher,
    working: WorkingTable,
    script: ScriptedAws,
    clock: Clock,
) -> Iterator[TestClient]:
    del working  # whose the script is by now
    table = Table(connect(script.session()), name=NAME)
    passwords = Passwords(hasher=hasher)
    passwords.verify(RIGHT, None)  # the first makes the hash that is nobody's
    hasher.done.clear()
    users = UserTable(table, passwords=passwords)
    checks = LimitedPasswordChecks(users, AttemptsInMemory(), clock=clock)
    with_table = replace(broker, users=users, passwords=checks)
    with TestClient(create_app(with_table)) as client:
        yield client


def ask(client: TestClient, path: str, username: str, password: str) -> Response:
    form = {"username": username, "password": password}
    more = {"new_password": NEW} if path == "/auth/password" else {}
    return client.post(path, data={**form, **more})


def without_ids(answer: Response) -> tuple[object, ...]:
    headers = {k: v for k, v in answer.headers.items() if k != "x-request-id"}
    body = {k: v for k, v in answer.json().items() if k != "request_id"}
    return answer.status_code, headers, body


@pytest.mark.parametrize("path", ["/auth/login", "/auth/password"])
def test_unknown_wrong_disabled_and_corrupt_are_told_and_cost_the_same(
    asking: TestClient, working: WorkingTable, hasher: CountingHasher, path: str
):
    before = working.items()
    refused = [("nobody", RIGHT), ("No one", RIGHT), ("alice", "wrong-wrong")]
    refused += [("once", "wrong-wrong"), ("alice", "short"), ("once", "nul\0-nul-nul")]
    refused += [(name, RIGHT) for name in RECORDS if name not in {"alice", "once"}]
    first = without_ids(ask(asking, path, "nobody", RIGHT))

    for username, password in refused:
        hasher.done.clear()
        assert without_ids(ask(asking, path, username, password)) == first
        assert hasher.done == ["verify"], username
    assert working.items() == before

    hasher.done.clear()
    assert ask(asking, path, "alice", RIGHT).is_success
    changes = path == "/auth/password"
    assert hasher.done == (["verify", "hash"] if changes else ["verify"])


def test_a_one_time_password_costs_one_check_and_gives_nothing_but_a_change(
    asking: TestClient, working: WorkingTable, hasher: CountingHasher
):
    before = working.items()

    refused = ask(asking, "/auth/login", "once", RIGHT)

    assert refused.json()["type"] == "urn:aikagi:problem:password-change-required"
    assert (hasher.done, working.items()) == (["verify"], before)
    assert ask(asking, "/auth/password", "once", RIGHT).status_code == 204
    once = working.item("principal#local#once")
    assert "one_time_password_hash" not in once
    assert ask(asking, "/auth/login", "once", RIGHT).status_code == 400
    assert ask(asking, "/auth/login", "once", NEW).status_code == 200


@pytest.mark.parametrize(
    "new_password", [RIGHT, "short", "nul\0-nul-nul", "\u00e9" * 600]
)
def test_an_unusable_new_password_costs_nobody_a_check(
    asking: TestClient, hasher: CountingHasher, new_password: str
):
    form = {"username": "alice", "password": RIGHT, "new_password": new_password}

    answer = asking.post("/auth/password", data=form)

    assert answer.json()["type"] == "urn:aikagi:problem:new-password-refused"
    assert new_password not in answer.text
    assert hasher.done == []


OTHER_HASH: Final = {"S": PASSWORDS.hash("through-the-glass")}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"disabled": {"BOOL": True}, "credentials_version": {"S": "another"}},
            id="disabled",
        ),
        pytest.param({"password_hash": OTHER_HASH}, id="another password"),
        pytest.param(
            {"one_time_password_hash": OTHER_HASH, "password_hash": None},
            id="another for once",
        ),
    ],
)
def test_who_is_changed_while_the_new_password_is_hashed_stays_as_they_are(
    asking: TestClient,
    working: WorkingTable,
    script: ScriptedAws,
    changes: dict[str, Any],
):
    alice = {**working.item("principal#local#alice"), **changes}
    changed = {name: value for name, value in alice.items() if value is not None}

    def answer(request: Any) -> Any:
        if request.target == "UpdateItem":
            working.put(changed)
        return working.answer(request)

    script.will_ask(answer)

    refused = ask(asking, "/auth/password", "alice", RIGHT)

    assert refused.json()["type"] == "urn:aikagi:problem:login-refused"
    assert working.item("principal#local#alice") == changed


def test_a_change_whose_answer_is_lost_is_found_to_be_done(
    asking: TestClient, working: WorkingTable, script: ScriptedAws
):
    lost = iter([True])

    def answer(request: Any) -> Any:
        answered = working.answer(request)
        if request.target == "UpdateItem" and next(lost, False):
            return replace(answered, status=0)  # and botocore asks again
        return answered

    script.will_ask(answer)

    assert ask(asking, "/auth/password", "alice", RIGHT).status_code == 204
    assert ask(asking, "/auth/login", "alice", NEW).status_code == 200
