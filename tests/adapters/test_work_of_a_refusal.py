"""What a refused login costs: the same requests and one hash, whoever is named."""

from collections.abc import Callable
from typing import Final

import pytest
from argon2 import PasswordHasher
from typing_extensions import override

from app.adapters.attempt_table import AttemptTable
from app.adapters.passwords import Passwords
from app.adapters.table import Table, connect
from app.adapters.users import UserTable
from app.domain.credentials import Source
from app.domain.errors import LoginLimitedError, LoginRefusedError
from app.domain.limits import Attempt
from app.password_checks import LimitedPasswordChecks
from tests.fakes import Clock
from tests.scripted_aws import ScriptedAws
from tests.working_table import NAME, Item, WorkingTable

HOME: Final = Source(address="203.0.113.7", request_id="a-request")
RIGHT: Final = "wonderland-1865"


class CountingHasher(PasswordHasher):
    """As cheap as can be, and counted."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    @override
    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.verified += 1
        return super().verify(hash, password)


Work = tuple[str, list[str], int]


@pytest.fixture
def work(script: ScriptedAws, clock: Clock) -> Callable[[str, str], Work]:
    """Try a password: what came of it, the table's requests, and the hashes."""
    hasher, working = CountingHasher(), WorkingTable()
    script.will_ask(working.answer)
    stored = hasher.hash(RIGHT)
    people: dict[str, Item] = {
        "alice": {"password_hash": {"S": stored}},
        "disabled": {"password_hash": {"S": stored}, "disabled": {"BOOL": True}},
        "corrupt": {"password_hash": {"S": "$argon2id$nonsense"}},
        "hashless": {},
    }
    for name, more in people.items():
        working.put({"pk": {"S": f"principal#local#{name}"}, **more})
    table = Table(connect(script.session()), name=NAME)
    attempts = AttemptTable(table)
    for name in ("known-nobody", "known-alice"):
        attempts.note_login(Attempt.of("local", name, HOME.address), clock())
    working.put(
        {
            "pk": {"S": "principal#local#known-alice"},
            "password_hash": {"S": stored},
        }
    )
    users = UserTable(table, passwords=Passwords(hasher=hasher))
    checks = LimitedPasswordChecks(users, attempts, clock=clock)

    def try_it(username: str, password: str) -> Work:
        before, hasher.verified = len(script.requests), 0
        outcome = "in"
        try:
            checks.check(username, password, HOME)
        except (LoginRefusedError, LoginLimitedError) as error:
            outcome = error.code
        asked = [request.target for request in script.requests[before:]]
        return outcome, asked, hasher.verified

    return try_it


NAMES: Final = ("alice", "nobody", "disabled", "corrupt", "hashless")


def test_whoever_is_named_a_refusal_costs_the_same(work: Callable[[str, str], Work]):
    refused = [work(name, "through-it-1871") for name in NAMES]
    refused += [work(name, RIGHT) for name in NAMES[1:]]

    for outcome, asked, hashes in refused:
        assert (outcome, hashes) == ("login-refused", 1)
        assert len(asked) == len(refused[0][1]) == 5
        assert set(asked) == {"BatchGetItem", "UpdateItem"}
    assert work("alice", RIGHT)[0] == "in"


def test_whoever_is_named_a_limited_attempt_costs_one_reading_and_no_hash(
    work: Callable[[str, str], Work], clock: Clock
):
    for name in NAMES:
        for _ in range(10):
            assert work(name, "through-it-1871")[0] == "login-refused"

    for password in ("through-it-1871", RIGHT):
        limited = [work(name, password) for name in NAMES]
        assert {outcome for outcome, _, _ in limited} == {"login-limited"}
        assert {hashes for _, _, hashes in limited} == {0}
        assert all(asked in ([], ["BatchGetItem"]) for _, asked, _ in limited)
        assert len({tuple(asked) for _, asked, _ in limited}) == 1
    clock.advance(seconds=1)
    assert work("alice", RIGHT)[::2] == ("in", 1)


def test_from_a_known_source_a_login_writes_nothing_to_the_limits(
    work: Callable[[str, str], Work],
):
    assert work("known-alice", RIGHT) == (
        "in",
        ["BatchGetItem", "BatchGetItem", "BatchGetItem"],
        1,
    )
    wrong, nobody = (
        work(name, "through-it-1871") for name in ("known-alice", "known-nobody")
    )

    assert wrong == nobody
    assert wrong[::2] == ("login-refused", 1)
    assert wrong[1].count("UpdateItem") == 3
