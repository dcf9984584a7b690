"""A stack that has worked for long is as it was; one that is killed is gone."""

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.aws_caller import Person, Signed, sign
from tests.processes import descendants, is_running
from tests.soak.endurance import Held, holds_within, one_by_one
from tests.soak.reporting import Report
from tests.soak.scale import amount
from tests.stack import Stack, running_stack

SETTLED: Final = 5.0
"""Seconds after which connections are closed and killed processes gone."""


@pytest.fixture(scope="module")
def people(stack: Stack) -> dict[str, Person]:
    return {
        name: Person.log_in(stack.broker, name, stack.users[name])
        for name in ("alice", "bob")
    }


def forged(call: Signed) -> Signed:
    return replace(call, body=b'{"forged": true}')


def test_calls_leave_nothing_behind(
    stack: Stack, people: dict[str, Person], report: Report
):
    count = amount(100, 1000)
    grant = people["alice"].grant("hello")
    warm = [sign(grant, "warm"), sign(grant, "warm")]
    one_by_one([*warm, *map(forged, warm)])
    before = Held.by(stack)

    calls = [sign(grant, f"call/{number}") for number in range(count)]
    accepted = one_by_one(calls)
    refused = one_by_one([forged(call) for call in calls])

    assert accepted == {200: count}
    assert refused == {403: count}
    grown = partial(Held.growth_since, before, stack)
    assert holds_within(SETTLED, lambda: not grown()), grown()
    report({"calls that left nothing behind": count, "refused calls, likewise": count})


def test_racing_grants_are_each_of_the_one_who_asked(
    stack: Stack, people: dict[str, Person], report: Report
):
    count = amount(5, 50)
    wanted = [name for _ in range(count) for name in people]

    with ThreadPoolExecutor(len(wanted)) as workers:
        grants = list(workers.map(lambda name: people[name].grant("hello"), wanted))
        names = list(workers.map(lambda grant: who(stack, grant), grants))

    assert names == [f"local+{name}" for name in wanted]
    report({"racing grants, each of its own user": len(wanted)})


def who(stack: Stack, grant: dict[str, str]) -> str:
    asked = sign(
        grant,
        url=f"{stack.endpoint}/",
        body=b"Action=GetCallerIdentity&Version=2011-06-15",
        content_type="application/x-www-form-urlencoded",
        service="sts",
    )
    found = re.search("<Arn>.*/([^/]*)</Arn>", asked.send().text)
    assert found
    return found[1]


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[Stack]:
    with running_stack(tmp_path / "state") as stack:
        yield stack


def test_a_killed_launcher_takes_its_processes_with_it(doomed: Stack, report: Report):
    alice = Person.log_in(doomed.broker, "alice", doomed.users["alice"])
    for function, body in (("hello", b""), ("report", b'{"text": "one"}')):
        assert one_by_one([sign(alice.grant(function), body=body)]) == {200: 1}
    started = descendants(doomed.process.pid)
    assert len(started) >= 3  # the broker and an environment of each function

    doomed.stop(signal.SIGKILL)

    gone = holds_within(SETTLED, lambda: not any(map(is_running, started)))
    # A survivor holds the pipe of the log open, and would hold up the tests as well.
    for pid in filter(is_running, started):
        os.kill(pid, signal.SIGKILL)
    assert gone
    report({"processes gone after kill -9 of their launcher": len(started)})
