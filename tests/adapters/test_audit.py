import hashlib
import io
import json

import pytest
from typing_extensions import override

from app.adapters.audit import AuditLines
from app.domain.credentials import Grant, Source
from app.domain.errors import AuditUnavailableError
from app.domain.session import SessionRequest, plan_session
from tests.fakes import NOON, ROLE, Clock, RecordingSessions, a_function, a_user

PLAN = plan_session(
    a_user("alice", "research"),
    a_function("report", "research"),
    SessionRequest(duration_seconds=900),
    grant_id="g-1",
    now=NOON,
)
GRANT = Grant(
    plan=PLAN, credentials=RecordingSessions(Clock()).issue(PLAN), granted_at=NOON
)
SOURCE = Source(address="203.0.113.7", request_id="r-1")


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

    AuditLines(stream).granted(GRANT, SOURCE)

    [line] = stream.flushed.splitlines()
    assert json.loads(line) == {
        "Event": "Grant",
        "Time": "2030-01-01T12:00:00Z",
        "GrantId": "g-1",
        "Issuer": "local",
        "Subject": "alice",
        "FunctionName": "report",
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:report",
        "RoleArn": ROLE,
        "SessionName": "local+alice",
        "AccessKeyId": "ASIAEXAMPLE",
        "Expiration": "2030-01-01T12:15:00Z",
        "PolicySha256": hashlib.sha256(PLAN.policy.encode()).hexdigest(),
        "SourceIp": "203.0.113.7",
        "RequestId": "r-1",
        "StsRequestId": "sts-1",
    }
    assert "the-secret-key" not in line
    assert "the-session-token" not in line


def test_a_line_cannot_be_broken_by_what_is_in_it():
    plan = plan_session(
        a_user("a\nb\u2028c", "research", issuer="corp"),
        PLAN.function,
        SessionRequest(duration_seconds=900),
        grant_id="g-1",
        now=NOON,
    )
    stream = Stream()

    AuditLines(stream).granted(
        Grant(plan=plan, credentials=GRANT.credentials, granted_at=NOON), SOURCE
    )

    [line] = stream.flushed.splitlines()
    assert json.loads(line)["Subject"] == "a\nb\u2028c"


def test_a_line_that_cannot_be_written_is_a_failure():
    with pytest.raises(AuditUnavailableError):
        AuditLines(Stream(broken=True)).granted(GRANT, SOURCE)


def test_a_closed_log_is_a_failure_too():
    stream = Stream()
    stream.close()

    with pytest.raises(AuditUnavailableError):
        AuditLines(stream).granted(GRANT, SOURCE)
