"""One session for many grants, with STS replaced and the threads real."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.credentials import TemporaryCredentials
from app.domain.errors import SessionsUnavailableError
from app.domain.identity import User
from app.domain.session import SessionPlan, SessionRequest, plan_session
from app.session_reuse import ReusedSessions
from tests.fakes import NOON, Clock, Ids, RecordingSessions, a_function, a_user

ALICE = a_user("alice", "everyone")
BOB = a_user("bob", "everyone")
HELLO = a_function("hello", "everyone")

Plan = Callable[..., SessionPlan]


@pytest.fixture
def plan(clock: Clock) -> Plan:
    """Make a plan of this moment, with a grant's id of its own."""
    new_id = Ids()

    def make(user: User = ALICE, seconds: int = 900, **changes: Any) -> SessionPlan:
        return plan_session(
            replace(user, read_at=clock(), **changes),
            HELLO,
            SessionRequest(duration_seconds=seconds),
            grant_id=new_id(),
            now=clock(),
        )

    return make


@pytest.fixture
def reused(sessions: RecordingSessions, clock: Clock) -> ReusedSessions:
    return ReusedSessions(sessions, clock=clock)


def test_a_session_is_handed_out_again_with_the_id_of_the_grant_it_began_with(
    reused: ReusedSessions, plan: Plan, sessions: RecordingSessions
):
    first, second = plan(), plan()

    assert reused.issue(second) is reused.issue(first)
    assert reused.issue(first).grant_id == second.grant_id
    assert sessions.plans == [second]


@pytest.mark.parametrize("seconds", [900, 3600, 60])
def test_it_is_while_four_fifths_of_its_life_are_left_and_no_longer(
    reused: ReusedSessions,
    plan: Plan,
    sessions: RecordingSessions,
    clock: Clock,
    seconds: int,
):
    clock.now = NOON.replace(microsecond=0)
    reused.issue(plan(seconds=seconds))

    clock.now = NOON.replace(microsecond=0) + timedelta(seconds=seconds / 5)
    reused.issue(plan(seconds=seconds))
    assert len(sessions.plans) == 1
    clock.advance(seconds=0.001)
    reused.issue(plan(seconds=seconds))
    assert len(sessions.plans) == 2


def test_it_is_not_with_a_clock_from_before_it_began(
    reused: ReusedSessions, plan: Plan, sessions: RecordingSessions, clock: Clock
):
    reused.issue(plan())
    clock.advance(seconds=-1)
    reused.issue(plan())

    assert len(sessions.plans) == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"user": BOB}, id="somebody else"),
        pytest.param({"user": a_user("alice", "everyone", issuer="corp")}, id="issuer"),
        pytest.param({"seconds": 901}, id="another duration"),
        pytest.param({"attributes": {"team": "blue"}}, id="another attribute"),
    ],
)
def test_sessions_that_would_differ_are_not_shared(
    reused: ReusedSessions,
    plan: Plan,
    sessions: RecordingSessions,
    other: dict[str, Any],
):
    reused.issue(plan())
    reused.issue(plan(**other))
    assert len(sessions.plans) == 2

    reused.issue(plan(**other))
    reused.issue(plan())
    assert len(sessions.plans) == 2


# What was revoked


def test_a_session_from_before_a_revocation_is_not_handed_out_after_it(
    reused: ReusedSessions, plan: Plan, sessions: RecordingSessions, clock: Clock
):
    reused.issue(plan())
    began = int(clock().timestamp())

    reused.issue(plan(valid_from=began))
    assert len(sessions.plans) == 1
    reused.issue(plan(valid_from=began + 1))
    assert len(sessions.plans) == 2
    reused.issue(plan(valid_from=began + 1))
    assert len(sessions.plans) == 2


def test_a_session_of_a_revoked_grant_is_not_handed_out(
    reused: ReusedSessions, plan: Plan, sessions: RecordingSessions
):
    first = reused.issue(plan())

    reused.issue(plan(revoked_grants=frozenset({"another"})))
    assert len(sessions.plans) == 1
    second = reused.issue(plan(revoked_grants=frozenset({first.grant_id})))
    assert len(sessions.plans) == 2
    assert second.grant_id != first.grant_id


def test_a_session_whose_credentials_were_refused_is_not_handed_out(
    plan: Plan, clock: Clock
):
    reused = ReusedSessions(Named(), clock=clock)
    first = reused.issue(plan())

    refused = replace(plan(), refused_access_key_id=first.access_key_id)
    other = replace(plan(), refused_access_key_id="ASIA of somebody else")

    assert reused.issue(other) is first
    second = reused.issue(refused)
    assert second.grant_id == refused.grant_id
    assert reused.issue(plan()) is second


class Gate:
    """Sessions that begin when ``open`` is set; counts those who ask."""

    def __init__(self, sessions: RecordingSessions) -> None:
        self._sessions = sessions
        self.open = threading.Event()
        self.asked = threading.Semaphore(0)

    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        self.asked.release()
        assert self.open.wait(30)
        return self._sessions.issue(plan)


def test_a_session_that_is_being_begun_is_not_waited_for_after_a_revocation(
    plan: Plan, sessions: RecordingSessions, clock: Clock
):
    gate = Gate(sessions)
    reused = ReusedSessions(gate, clock=clock)
    before = plan()
    after = plan(valid_from=int(clock().timestamp()) + 1)

    with ThreadPoolExecutor() as threads:
        first = threads.submit(reused.issue, before)
        assert gate.asked.acquire(timeout=30)
        second = threads.submit(reused.issue, after)
        assert gate.asked.acquire(timeout=30)
        gate.open.set()

    assert first.result().grant_id == before.grant_id
    assert second.result().grant_id == after.grant_id
    assert reused.issue(plan(valid_from=after.user.valid_from)) is second.result()


# Many at once


def test_a_hundred_who_ask_at_once_for_the_same_cause_one_request(
    plan: Plan, sessions: RecordingSessions, clock: Clock
):
    gate = Gate(sessions)
    reused = ReusedSessions(gate, clock=clock)
    plans = [plan() for _ in range(100)]
    ready = threading.Barrier(101)

    def issue(planned: SessionPlan) -> TemporaryCredentials:
        ready.wait(30)
        return reused.issue(planned)

    with ThreadPoolExecutor(100) as threads:
        answers = [threads.submit(issue, planned) for planned in plans]
        ready.wait(30)
        gate.open.set()

    assert len({id(answer.result()) for answer in answers}) == 1
    assert len(sessions.plans) == 1


class Named:
    """Sessions that say whose they are."""

    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        return TemporaryCredentials(
            access_key_id=f"ASIA of {plan.name}",
            secret_access_key="a-secret",
            session_token="a-token",
            expires_at=NOON + timedelta(minutes=15),
            request_id="sts-1",
            grant_id=plan.grant_id,
            issued=plan.issued,
        )


def test_fifty_racing_grants_of_two_people_never_mix(plan: Plan, clock: Clock):
    reused = ReusedSessions(Named(), clock=clock)
    plans = [plan(user) for _ in range(50) for user in (ALICE, BOB)]
    ready = threading.Barrier(100)

    def issue(planned: SessionPlan) -> str:
        ready.wait(30)
        return reused.issue(planned).access_key_id

    with ThreadPoolExecutor(100) as threads:
        keys = list(threads.map(issue, plans))

    assert keys == [f"ASIA of {planned.name}" for planned in plans]
    assert len(set(keys)) == 2


def test_a_failure_is_everybodys_who_waited_and_nobodys_afterwards(
    reused: ReusedSessions, plan: Plan, sessions: RecordingSessions
):
    sessions.broken = SessionsUnavailableError()
    with pytest.raises(SessionsUnavailableError):
        reused.issue(plan())

    sessions.broken = None
    assert reused.issue(plan()).grant_id == sessions.plans[0].grant_id


def test_beyond_the_bound_the_session_goes_that_was_not_used_for_longest(
    plan: Plan, sessions: RecordingSessions, clock: Clock
):
    reused = ReusedSessions(sessions, clock=clock, most_sessions=2)
    carol = a_user("carol", "everyone")

    for user in (ALICE, BOB, ALICE, carol):
        reused.issue(plan(user))
    assert len(sessions.plans) == 3
    reused.issue(plan(ALICE))
    assert len(sessions.plans) == 3
    reused.issue(plan(BOB))
    assert len(sessions.plans) == 4
