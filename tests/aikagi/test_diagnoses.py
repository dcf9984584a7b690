"""The Python client diagnoses what the vectors say."""

import time
from collections.abc import Iterator

import pytest

from aikagi import Broker
from aikagi.checks import main_fault
from aikagi.diagnosis import Diagnosis
from tests.aikagi.loopback import PASSWORD, Loopback, running
from tests.diagnosis_vectors import expected, make_happen, states
from tests.stack import ROOT
from tests.vector_files import Vector, load, reads


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    yield from running()


@reads("diagnoses")
def test_a_fault_is_found(loopback: Loopback, vector: Vector):
    found = vector["found"]
    make_happen(loopback, found)

    def clock() -> float:
        return time.time() + float(found.get("clock", 0))

    with Broker(loopback.base, clock=clock) as broker:
        if found.get("logged_in", True):
            broker.login("alice", PASSWORD)
        if found.get("held"):
            broker.grant("hello")
        diagnosis = Diagnosis(broker, function="hello", clock=clock)
        checks = [*diagnosis.checks()]

    fault = main_fault(checks)
    names, cause = expected(vector, "python")
    assert [*states([check.to_json() for check in checks]).items()] == [*names.items()]
    assert (fault.cause if fault else "none") == cause
    for check in checks:
        assert check.detail
        # In words: what to do is said of every fault.
        assert bool(check.advice) == (check.ok is False)


def test_each_check_and_each_cause_is_written_down():
    written = (ROOT / "docs/clients.md").read_text()
    vectors = load("diagnoses")
    words = {name for vector in vectors for name in vector["checks"]}
    words |= {vector["cause"] for vector in vectors}

    assert [word for word in sorted(words) if f"\n| `{word}` | " not in written] == []
