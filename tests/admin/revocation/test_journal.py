"""What commands write into the table, by the conditions of a DynamoDB that works."""

import pytest

from app.adapters.principals import Principal, Revocations
from app.adapters.table import VERSION, LaterVersionError, Table, connect
from app.admin.revocation.entries import Entries
from app.admin.revocation.journal import (
    LEASE_SECONDS,
    Ended,
    Journal,
    LeaseLostError,
)
from app.domain.errors import UsersUnavailableError
from app.domain.identity import Identity
from tests.fakes import Ids
from tests.scripted_aws import ScriptedAws
from tests.working_table import NAME, WorkingTable

NOON = 1_764_417_600
CAROL = Identity(issuer="local", subject="carol")
STRANGER = Identity(issuer="corp", subject="auth0#5f7")
ENTRIES = Entries(
    everyone=NOON,
    people={CAROL: NOON + 1, STRANGER: NOON + 2},
    grants={"one": NOON + 3},
    proofs={"two": NOON + 4},
)


@pytest.fixture
def table(script: ScriptedAws) -> WorkingTable:
    table = WorkingTable()
    script.will_ask(table.answer)
    return table


@pytest.fixture
def journal(script: ScriptedAws, table: WorkingTable) -> Journal:
    return Journal(Table(connect(script.session()), name=NAME), new_id=Ids())


def lease_of(journal: Journal, now: int = NOON) -> str:
    lease = journal.take_lease(now)
    assert lease is not None
    return lease


def principal(table: WorkingTable, who: Identity) -> Principal:
    return Principal.of(who, table.item(f"principal#{who.issuer}#{who.subject}"))


def test_what_is_recorded_is_read_again(journal: Journal):
    assert journal.read() == Entries()

    journal.record(lease_of(journal), ENTRIES)

    assert journal.read() == ENTRIES


def test_one_command_at_a_time_writes_and_then_another(journal: Journal):
    lease = lease_of(journal)
    assert journal.take_lease(NOON + LEASE_SECONDS) is None

    journal.give_up_lease(lease)

    assert journal.take_lease(NOON) is not None


def test_who_took_too_long_writes_nothing_any_more(journal: Journal):
    first = lease_of(journal)
    second = lease_of(journal, NOON + LEASE_SECONDS + 1)

    with pytest.raises(LeaseLostError):
        journal.record(first, ENTRIES)
    journal.give_up_lease(first)  # which is the second's by now, and stays

    assert journal.read() == Entries()
    journal.record(second, ENTRIES)
    assert journal.read() == ENTRIES


def test_logins_of_a_user_are_ended_from_a_moment_on_and_never_an_earlier_one(
    journal: Journal, table: WorkingTable
):
    table.put({"pk": {"S": "principal#local#carol"}, "groups": {"SS": ["everyone"]}})
    assert journal.end_logins(CAROL, NOON) is Ended.ENDED
    before = principal(table, CAROL).user

    assert journal.end_logins(CAROL, NOON - 60) is Ended.ENDED

    after = principal(table, CAROL).user
    assert before.valid_from == after.valid_from == NOON
    assert "" != before.credentials_version != after.credentials_version
    assert after.groups == {"everyone"}
    assert not principal(table, CAROL).disabled


@pytest.mark.parametrize("valid_from", [NOON - 60, NOON + 60])
def test_who_is_kept_out_is_so_whatever_moment_there_was(
    journal: Journal, table: WorkingTable, valid_from: int
):
    table.put(
        {"pk": {"S": "principal#local#carol"}, "valid_from": {"N": str(valid_from)}}
    )

    assert journal.end_logins(CAROL, NOON, disable=True) is Ended.ENDED

    assert principal(table, CAROL).disabled
    assert principal(table, CAROL).user.valid_from == max(valid_from, NOON)


def test_nobody_is_made_who_is_not_there_but_of_another_issuer(
    journal: Journal, table: WorkingTable
):
    assert journal.end_logins(CAROL, NOON) is Ended.NOT_THERE
    assert table.items() == []

    assert journal.end_logins(STRANGER, NOON) is Ended.ENDED

    assert principal(table, STRANGER).user.valid_from == NOON


def test_everybody_s_moment_and_the_grants_are_what_the_broker_reads(
    journal: Journal, table: WorkingTable
):
    journal.end_everybodys_logins(NOON)
    journal.end_everybodys_logins(NOON - 60)
    journal.end_grants({"one", "two"})

    read = Revocations.of(table.item("revocations"))
    assert read == Revocations(valid_from=NOON, grants=frozenset({"one", "two"}))

    journal.end_grants(())

    assert Revocations.of(table.item("revocations")) == Revocations(valid_from=NOON)


def test_what_a_later_version_has_written_is_left_alone(
    journal: Journal, table: WorkingTable
):
    later = {"pk": {"S": "revocation-policy"}, "version": {"N": str(VERSION + 1)}}
    table.put(later)

    for act in (journal.read, lambda: journal.take_lease(NOON)):
        with pytest.raises(UsersUnavailableError) as raised:
            act()
        assert isinstance(raised.value.__cause__, LaterVersionError)

    assert table.items() == [later]
