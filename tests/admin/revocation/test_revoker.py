"""The order of a revocation where time passes, at a table that works."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.adapters.principals import Principal
from app.adapters.table import Table, connect
from app.adapters.users import REMEMBERED_FOR
from app.admin.errors import NotDoneError
from app.admin.revocation.document import document_of
from app.admin.revocation.entries import Entries
from app.admin.revocation.journal import LEASE_SECONDS, Journal
from app.admin.revocation.policy import DefaultVersion
from app.admin.revocation.revoker import CUT_OFF_MARGIN, Revoker
from app.admin.revocation.server_clock import NoDateError
from app.admin.revocation.targets import Everyone, Person, SingleGrant
from app.domain.identity import Identity
from tests.fakes import Ids
from tests.scripted_aws import ScriptedAws
from tests.working_table import NAME, WorkingTable

NOON = 1_764_417_600
STRANGER = Person(identity=Identity(issuer="corp", subject="auth0|5f7"))


class PolicyInMemory:
    """The revocation policy, of which the last version is there."""

    def __init__(self) -> None:
        self.documents = [json.loads(document_of(Entries()))]

    def read(self) -> DefaultVersion:
        return DefaultVersion(
            version_id=f"v{len(self.documents)}", document=self.documents[-1]
        )

    def write(self, document: str, _: DefaultVersion) -> DefaultVersion:
        self.documents.append(json.loads(document))
        return self.read()


class Time:
    """AWS's, which leaps by the next of ``leaps`` whenever it is read."""

    def __init__(self, *leaps: float) -> None:
        self.seconds = float(NOON)
        self.leaps = [*leaps]
        self.is_dated = True

    def now(self) -> float:
        if not self.is_dated:
            raise NoDateError
        self.seconds += self.leaps.pop(0) if self.leaps else 0
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def table(script: ScriptedAws) -> WorkingTable:
    table = WorkingTable()
    script.will_ask(table.answer)
    return table


@pytest.fixture
def journal(script: ScriptedAws, table: WorkingTable) -> Journal:
    return Journal(Table(connect(script.session()), name=NAME), new_id=Ids())


@pytest.fixture
def policy() -> PolicyInMemory:
    return PolicyInMemory()


def revoker(journal: Journal, policy: PolicyInMemory, time: Time) -> Revoker:
    stored: Any = policy
    clock: Any = time
    return Revoker(
        journal,
        stored,
        clock=clock,
        monotonic=lambda: time.seconds,
        sleep=time.sleep,
        report=lambda _: None,
    )


def valid_from(table: WorkingTable) -> int:
    who = STRANGER.identity
    item: Mapping[str, Any] = table.item(f"principal#{who.issuer}#{who.subject}")
    return Principal.of(who, item).user.valid_from


def test_a_cut_off_that_had_passed_when_it_was_written_is_written_anew(
    journal: Journal, table: WorkingTable, policy: PolicyInMemory
):
    # The lease, the first cut-off, and its writes, which take as long as it is far.
    time = Time(0, 0, CUT_OFF_MARGIN + 1)

    done = revoker(journal, policy, time).revoke(STRANGER)

    assert done.cut_off == NOON + 2 * (CUT_OFF_MARGIN + 1)
    assert valid_from(table) == done.cut_off
    assert str(done.cut_off) in json.dumps(policy.documents[-1])


def test_where_every_cut_off_has_passed_nothing_is_said_to_be_done(
    journal: Journal, policy: PolicyInMemory
):
    time = Time(*[10.0] * 20)

    with pytest.raises(NotDoneError, match="table is too slow"):
        revoker(journal, policy, time).revoke(STRANGER)

    assert len(policy.documents) == 1
    assert journal.take_lease(time.seconds) is not None


def test_who_is_late_does_not_write_the_policy_that_another_may_be_writing(
    journal: Journal, table: WorkingTable, policy: PolicyInMemory, script: ScriptedAws
):
    time = Time()

    def slow(request: Any) -> Any:
        if b"everyone" in request.body:
            time.sleep(61)
        return table.answer(request)

    script.will_ask(slow)

    with pytest.raises(NotDoneError, match="the policy was not written"):
        revoker(journal, policy, time).revoke(STRANGER)

    assert len(policy.documents) == 1


def test_who_waits_for_others_in_vain_gives_up(
    journal: Journal, policy: PolicyInMemory
):
    time = Time()

    def take_it_again(_: str) -> None:
        journal.take_lease(time.seconds + LEASE_SECONDS + 2)

    assert journal.take_lease(time.seconds) is not None
    waiting = revoker(journal, policy, time)
    waiting._report = take_it_again

    with pytest.raises(NotDoneError, match="Other commands go on"):
        waiting.revoke(STRANGER)

    assert len(policy.documents) == 1


def test_without_a_time_of_aws_nothing_is_done(
    journal: Journal, table: WorkingTable, policy: PolicyInMemory
):
    time = Time()
    time.is_dated = False

    with pytest.raises(NotDoneError, match="no date"):
        revoker(journal, policy, time).revoke(STRANGER)

    assert table.items() == []


def test_what_makes_no_room_cannot_be_undone(journal: Journal, policy: PolicyInMemory):
    time = Time()
    commands = revoker(journal, policy, time)
    lease = journal.take_lease(NOON)
    assert lease
    grants = {f"{number:032}": NOON for number in range(400)}
    journal.record(lease, Entries(grants=grants))
    journal.give_up_lease(lease)
    assert commands.revoke(SingleGrant(grant_id="one-more")).is_for_all

    with pytest.raises(NotDoneError, match="There is no room"):
        commands.undo(Everyone())

    assert commands.in_force().is_written


def test_what_is_undone_is_in_force_no_more_and_the_moment_stays(
    journal: Journal, table: WorkingTable, policy: PolicyInMemory
):
    commands = revoker(journal, policy, Time())
    before = commands.revoke(STRANGER)

    commands.undo(STRANGER)

    assert policy.documents[-1] == policy.documents[0]
    assert commands.in_force().entries == Entries()
    assert valid_from(table) == before.cut_off
    with pytest.raises(NotDoneError, match="Nothing of that is in force"):
        commands.undo(STRANGER)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(SingleGrant(grant_id="a-grant"), id="a grant"),
        pytest.param(Everyone(), id="everybody"),
    ],
)
def test_when_the_command_ends_every_broker_knows_what_concerns_everybody(
    journal: Journal, policy: PolicyInMemory, target: SingleGrant | Everyone
):
    time = Time()

    revoker(journal, policy, time).revoke(target)

    assert time.seconds - NOON >= REMEMBERED_FOR.total_seconds()


def test_nobody_is_waited_for_where_it_is_one_person(
    journal: Journal, policy: PolicyInMemory
):
    time = Time()

    revoker(journal, policy, time).revoke(STRANGER)

    assert time.seconds == NOON


def test_the_table_is_written_long_enough_before_the_cut_off(
    journal: Journal, table: WorkingTable, policy: PolicyInMemory
):
    """What a broker remembers has to be over by then, and a second for its clock."""
    too_late = CUT_OFF_MARGIN + 1 - REMEMBERED_FOR.total_seconds() - 0.5

    late = revoker(journal, policy, Time(0, 0, too_late)).revoke(STRANGER)
    in_time = revoker(journal, policy, Time(0, 0, too_late - 0.5)).revoke(STRANGER)

    assert late.cut_off > NOON + CUT_OFF_MARGIN + 1
    assert in_time.cut_off == NOON + CUT_OFF_MARGIN + 1
