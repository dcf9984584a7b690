"""What each event counts for."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.audit import (
    RECORDS,
    AuditRecord,
    GrantRecord,
    GrantRefusedRecord,
    LoginRecord,
    LoginRefusedRecord,
    LogoutRecord,
    PasswordChangeRecord,
    PasswordChangeRefusedRecord,
    RefusalRecord,
    RenewalRecord,
    RenewalRefusedRecord,
    RevocationRecord,
    RevocationUndoneRecord,
)
from app.domain.credentials import Grant, Source
from app.domain.errors import UnavailableError
from app.domain.metrics import Measurements
from app.domain.session import SessionRequest, plan_session
from app.web.problems import STATUS
from tests.fakes import NOON, Clock, RecordingSessions, a_function, a_user

SOURCE = Source(address="203.0.113.7", request_id="r-1")
ALICE = a_user("alice", "everyone").identity
PLAN = plan_session(
    a_user("alice", "everyone"),
    a_function("hello", "everyone"),
    SessionRequest(),
    grant_id="g-1",
    now=NOON,
)
GRANT = GrantRecord.of(
    Grant(
        plan=PLAN, credentials=RecordingSessions(Clock()).issue(PLAN), granted_at=NOON
    ),
    SOURCE,
)
OF_LOGIN: dict[str, Any] = {
    "time": NOON,
    "source": SOURCE,
    "identity": ALICE,
}
REFUSALS = (
    LoginRefusedRecord(**OF_LOGIN, reason="wrong-password"),
    RenewalRefusedRecord(**OF_LOGIN, reason="expired"),
    PasswordChangeRefusedRecord(**OF_LOGIN, reason="wrong-password"),
    GrantRefusedRecord(
        **OF_LOGIN,
        reason="revoked",
        dry_run=True,
        function_name="hello",
        duration_seconds=900,
    ),
)
OTHERS: dict[AuditRecord, dict[str, float]] = {
    GRANT: {"Grants": 1, "ReusedSessions": 0},
    replace(GRANT, reused=True): {"Grants": 1, "ReusedSessions": 1},
    replace(GRANT, dropped_tags=("claim.a", "claim.b")): {
        "Grants": 1,
        "ReusedSessions": 0,
        "DroppedTagCount": 2,
    },
    LoginRecord(**OF_LOGIN, login_id="l-1"): {"Logins": 1},
    RenewalRecord(**OF_LOGIN, login_id="l-1"): {"Renewals": 1},
    LogoutRecord(**OF_LOGIN, login_id="l-1"): {},
    PasswordChangeRecord(**OF_LOGIN): {},
    # An operator's command writes these, and no broker.
    RevocationRecord(time=NOON, operator="arn"): {},
    RevocationUndoneRecord(time=NOON, operator="arn"): {},
}


def counted(record: AuditRecord) -> tuple[dict[str, float], dict[str, str]]:
    measurements = Measurements()
    measurements.count(record)
    values = {metric.name: sum(at) for metric, at in measurements.values.items()}
    return values, measurements.properties


@pytest.mark.parametrize("record", OTHERS, ids=lambda record: record.event)
def test_an_event_counts_for_its_metrics(record: AuditRecord):
    assert counted(record)[0] == OTHERS[record]


@pytest.mark.parametrize("record", REFUSALS, ids=lambda record: record.event)
def test_a_refusal_counts_as_one_with_its_reason(record: RefusalRecord):
    assert counted(record) == (
        {"Refusals": 1},
        {"RequestId": "r-1", "RefusalReason": record.reason},
    )


@pytest.mark.parametrize("record", REFUSALS, ids=lambda record: record.event)
@pytest.mark.parametrize("error", UnavailableError.__subclasses__())
def test_what_is_no_callers_fault_counts_apart(
    record: RefusalRecord, error: type[UnavailableError]
):
    assert counted(replace(record, reason=error.code)) == (
        {"Faults": 1},
        {"RequestId": "r-1", "RefusalReason": error.code},
    )


def test_every_event_is_tried_here():
    assert {type(record) for record in (*OTHERS, *REFUSALS)} == set(RECORDS)


def test_what_somebody_else_wrote_makes_no_long_line():
    endless = replace(GRANT, source=replace(SOURCE, request_id="r" * 100_000))

    assert counted(endless)[1]["RequestId"] == "r" * 1024


def test_a_person_is_in_no_measurement():
    for record in (*OTHERS, *REFUSALS):
        assert "alice" not in repr(counted(record))


def test_what_is_unavailable_is_all_that_is_answered_with_503_but_for_crowds():
    unavailable = {error for error, status in STATUS.items() if status == 503}

    assert {error.code for error in unavailable} - {"too-busy"} == {
        error.code for error in UnavailableError.__subclasses__()
    }


# A reason is a dimension, and each that there is costs: nothing may make one up.


def reasons_in(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (
                keyword.value for keyword in node.keywords if keyword.arg == "reason"
            )


def is_fixed(expression: ast.expr) -> bool:
    """Tell whether it is a text as it stands there, a name, or one of two."""
    if isinstance(expression, ast.IfExp):
        return is_fixed(expression.body) and is_fixed(expression.orelse)
    return isinstance(expression, ast.Constant | ast.Attribute | ast.Name)


def test_no_reason_is_put_together_from_what_varies():
    app = Path(__file__).parents[2] / "app"
    found = [
        (path.relative_to(app), ast.unparse(reason))
        for path in app.rglob("*.py")
        if "admin" not in path.parts  # the operator's, of which nothing is measured
        for reason in reasons_in(ast.parse(path.read_text()))
        if not is_fixed(reason)
    ]

    assert found == []
    assert [
        *map(is_fixed, reasons_in(ast.parse("f(reason=f'{x}'); f(reason='x')")))
    ] == [
        False,
        True,
    ]
