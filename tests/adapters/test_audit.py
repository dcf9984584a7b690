import hashlib
import io
import json
from dataclasses import replace

import pytest
from typing_extensions import override

from app.adapters.audit import AuditLines
from app.adapters.line_writer import LineWriter
from app.domain.audit import GrantRecord, LoginRefusedRecord
from app.domain.credentials import Grant, Source
from app.domain.errors import AuditUnavailableError
from app.domain.identity import Identity
from app.domain.session import SessionRequest, plan_session
from tests.fakes import NOON, ROLE, Clock, RecordingSessions, a_function, a_user

PLAN = plan_session(
    a_user("alice", "research"),
    a_function("report", "research"),
    SessionRequest(duration_seconds=900),
    grant_id="g-1",
    now=NOON,
)
SOURCE = Source(address="203.0.113.7", request_id="r-1")
GRANT = GrantRecord.of(
    Grant(
        plan=PLAN, credentials=RecordingSessions(Clock()).issue(PLAN), granted_at=NOON
    ),
    SOURCE,
)


class Stream(io.StringIO):
    """Shows what has been flushed, and can be broken."""

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__()
        self.flushed = ""
        self._broken = broken

    @override
    def flush(self) -> None:
        if self._broken:
            raise BrokenPipeError
        self.flushed = self.getvalue()


def test_a_grant_is_one_flushed_line_that_says_everything_but_secrets():
    stream = Stream()

    AuditLines(LineWriter(stream)).write(GRANT)

    [line] = stream.flushed.splitlines()
    assert json.loads(line) == {
        "Version": 1,
        "Event": "Grant",
        "Time": "2030-01-01T12:00:00Z",
        "RequestId": "r-1",
        "SourceIp": "203.0.113.7",
        "Issuer": "local",
        "Subject": "alice",
        "GrantId": "g-1",
        "SessionGrantId": "g-1",
        "Reused": False,
        "FunctionName": "report",
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:report",
        "RoleArn": ROLE,
        "SessionName": "local+alice",
        "AccessKeyId": "ASIAEXAMPLE",
        "DurationSeconds": 900,
        "Expiration": "2030-01-01T12:15:00Z",
        "PolicySha256": hashlib.sha256(PLAN.policy.encode()).hexdigest(),
        "DroppedTags": [],
        "StsRequestId": "sts-1",
    }
    assert "the-secret-key" not in line
    assert "the-session-token" not in line


def test_a_line_cannot_be_broken_by_what_is_in_it():
    somebody = Identity(issuer="corp", subject="a\nb\u2028c")
    stream = Stream()

    AuditLines(LineWriter(stream)).write(replace(GRANT, identity=somebody))

    [line] = stream.flushed.splitlines()
    assert json.loads(line)["Subject"] == "a\nb\u2028c"


def test_a_line_that_cannot_be_written_is_a_failure():
    with pytest.raises(AuditUnavailableError):
        AuditLines(LineWriter(Stream(broken=True))).write(GRANT)


def test_a_closed_log_is_a_failure_too():
    stream = Stream()
    stream.close()

    with pytest.raises(AuditUnavailableError):
        AuditLines(LineWriter(stream)).write(GRANT)


def test_a_line_has_no_member_for_what_is_not_known():
    stream = Stream()
    refused = LoginRefusedRecord(
        time=NOON, source=SOURCE, identity=None, reason="unknown-user"
    )

    AuditLines(LineWriter(stream)).write(refused)
    AuditLines(LineWriter(stream)).write(replace(refused, identity=GRANT.identity))

    unknown, known = map(json.loads, stream.flushed.splitlines())
    assert unknown == {
        "Version": 1,
        "Event": "LoginRefused",
        "Time": "2030-01-01T12:00:00Z",
        "RequestId": "r-1",
        "SourceIp": "203.0.113.7",
        "Reason": "unknown-user",
    }
    assert known == {**unknown, "Issuer": "local", "Subject": "alice"}


def test_what_somebody_else_wrote_makes_no_long_line():
    stream = Stream()
    endless = Source(address="a" * 100_000, request_id="\0" * 100_000)

    AuditLines(LineWriter(stream)).write(replace(GRANT, source=endless))

    assert len(stream.flushed) < 20_000
