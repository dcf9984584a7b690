"""Join the broker's audit with CloudTrail's records: who called what, and as whom else.

Pure. What is in memory grows with the grants and with what they do not explain, and not
with CloudTrail's records.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import final

from app.admin.audit_lines import AuditLine, GrantLine, OtherLine, ProofLine
from app.admin.cloudtrail import ApiCall, AssumedSession, TrailRecord


class Kind(StrEnum):
    """What the audit does not explain."""

    SESSION_WITHOUT_GRANT = "SessionWithoutGrant"
    SESSION_UNLIKE_GRANT = "SessionUnlikeGrant"
    CALL_WITHOUT_GRANT = "CallWithoutGrant"
    CALL_OF_ANOTHER_FUNCTION = "CallOfAnotherFunction"
    GRANTS_THAT_DIFFER = "GrantsThatDiffer"


@dataclass(slots=True, kw_only=True)
class Finding:
    """Something unexplained, at its first time; ``times`` counts how often it came."""

    kind: Kind
    time: str
    access_key_id: str | None
    session: str
    detail: str
    event_id: str
    times: int = 1


@dataclass(slots=True, kw_only=True)
class GrantedSession:
    """A session that the broker was given, the grants of it, and what it was used for.

    ``others`` counts calls of anything but a function, ``failed`` those of it all that
    AWS refused.
    """

    first: GrantLine
    grant_ids: set[str] = field(default_factory=set)
    is_assumed: bool = False
    calls: int = 0
    others: int = 0
    failed: int = 0
    first_call: str = ""
    last_call: str = ""

    @property
    def is_used(self) -> bool:
        return self.calls > 0

    def called(self, call: ApiCall) -> None:
        self.failed += call.error_code is not None
        if not call.is_invocation:
            self.others += 1
            return
        self.calls += 1
        self.first_call = min(self.first_call or call.time, call.time)
        self.last_call = max(self.last_call, call.time)


@dataclass(slots=True)
class Period:
    """From the first time to the last; times of one format sort as they are."""

    first: str = ""
    last: str = ""

    def add(self, time: str) -> None:
        if time:
            self.first = min(self.first or time, time)
            self.last = max(self.last, time)

    def holds(self, time: str) -> bool:
        return bool(self.first) and self.first <= time <= self.last


@final
class AuditJoin:
    """Give it all audit lines, then all records.

    ``roles`` are ARNs of invoke roles besides those that a grant names.
    """

    def __init__(self, roles: Iterable[str] = ()) -> None:
        self.roles = set(roles)
        self.audited = Period()
        self.recorded = Period()
        self.counts: Counter[str] = Counter()
        self._sessions: dict[str, GrantedSession] = {}
        self._by_request: dict[str, str] = {}
        self._proofs: set[str] = set()
        self._findings: dict[tuple[Kind, str], Finding] = {}

    @property
    def sessions(self) -> Iterable[GrantedSession]:
        return self._sessions.values()

    @property
    def findings(self) -> Iterable[Finding]:
        return self._findings.values()

    @property
    def has_data_events(self) -> bool:
        """Whether CloudTrail recorded calls of functions at all: a trail may not."""
        return self.counts["Invocations"] > 0

    def unused(self) -> Iterator[GrantedSession]:
        """Give the sessions that called no function, within the time of the records.

        Without data events that is not known of any.
        """
        if self.has_data_events:
            for session in self._sessions.values():
                if not session.is_used and self.recorded.holds(session.first.time):
                    yield session

    def add_line(self, line: AuditLine) -> None:
        match line:
            case GrantLine():
                self.counts["Grants"] += 1
                self.audited.add(line.time)
                self._add_grant(line)
            case ProofLine():
                self.counts["OtherEvents"] += 1
                self._proofs.update(line.access_key_ids)
            case OtherLine():
                self.counts["OtherEvents" if line.event else "OtherLines"] += 1

    def add_record(self, record: TrailRecord | None) -> None:
        self.counts["Records"] += 1
        match record:
            case AssumedSession():
                self.recorded.add(record.time)
                if record.role_arn in self.roles:
                    self._add_session(record)
            case ApiCall():
                self.recorded.add(record.time)
                self.counts["Invocations"] += record.is_invocation
                self._add_call(record)
            case None:
                pass

    def _add_grant(self, line: GrantLine) -> None:
        self.roles.add(line.role_arn)
        session = self._sessions.setdefault(
            line.access_key_id, GrantedSession(first=line)
        )
        session.grant_ids.add(line.grant_id)
        self._by_request[line.sts_request_id] = line.access_key_id
        if _session_of(line) != _session_of(session.first):
            self._find(
                Finding(
                    kind=Kind.GRANTS_THAT_DIFFER,
                    time=line.time,
                    access_key_id=line.access_key_id,
                    session=line.session_name,
                    detail=f"grant {line.grant_id} and grant {session.first.grant_id} "
                    "name one access key for different sessions",
                    event_id="",
                )
            )

    def _add_session(self, assumed: AssumedSession) -> None:
        if assumed.error_code is not None:
            self.counts["RefusedSessions"] += 1
            return
        self.counts["Sessions"] += 1
        key = assumed.access_key_id or self._by_request.get(assumed.request_id, "")
        if key in self._proofs:
            return
        session = self._sessions.get(key)
        if session is None:
            self._find(self._without_grant(assumed))
            return
        session.is_assumed = True
        if detail := _difference(session.first, assumed):
            self._find(
                Finding(
                    kind=Kind.SESSION_UNLIKE_GRANT,
                    time=assumed.time,
                    access_key_id=key,
                    session=assumed.session_name,
                    detail=detail,
                    event_id=assumed.event_id,
                )
            )

    def _without_grant(self, assumed: AssumedSession) -> Finding:
        detail = f"assumed by {assumed.by} from {assumed.source_ip}"
        if assumed.source_identity != assumed.session_name:
            detail += f", source identity {assumed.source_identity or 'none'}"
        if not self.audited.holds(assumed.time):
            detail += ", at a time of which there are no audit lines"
        return Finding(
            kind=Kind.SESSION_WITHOUT_GRANT,
            time=assumed.time,
            access_key_id=assumed.access_key_id,
            session=assumed.session_name,
            detail=detail,
            event_id=assumed.event_id,
        )

    def _add_call(self, call: ApiCall) -> None:
        session = self._sessions.get(call.access_key_id)
        if session is not None:
            session.called(call)
            if not _is_function(session.first.function_arn, call.function_arn):
                self._find(_finding(Kind.CALL_OF_ANOTHER_FUNCTION, call))
        elif call.role_arn in self.roles and call.access_key_id not in self._proofs:
            self._find(_finding(Kind.CALL_WITHOUT_GRANT, call))

    def _find(self, finding: Finding) -> None:
        same = (finding.kind, finding.access_key_id or finding.event_id)
        found = self._findings.setdefault(same, finding)
        if found is not finding:
            found.times += 1


def _finding(kind: Kind, call: ApiCall) -> Finding:
    failed = f", answered {call.error_code}" if call.error_code else ""
    return Finding(
        kind=kind,
        time=call.time,
        access_key_id=call.access_key_id,
        session=call.session_arn,
        detail=f"called {call.function_arn or 'something else'}{failed}",
        event_id=call.event_id,
    )


def _session_of(line: GrantLine) -> tuple[str, ...]:
    return (
        line.issuer,
        line.subject,
        line.session_name,
        line.role_arn,
        line.function_arn,
        line.sts_request_id,
    )


def _difference(grant: GrantLine, assumed: AssumedSession) -> str:
    """Say in what a session is not the one that the broker recorded."""
    compared = {
        "role": (grant.role_arn, assumed.role_arn),
        "session name": (grant.session_name, assumed.session_name),
        "source identity": (grant.session_name, assumed.source_identity),
        "request": (grant.sts_request_id, assumed.request_id),
    }
    return ", ".join(
        f"{name} {found or 'none'} instead of {expected}"
        for name, (expected, found) in compared.items()
        if found != expected
    )


def _is_function(granted: str, called: str | None) -> bool:
    """Tell whether a call was of the function; a record may name a version as well."""
    if called is None or not called.startswith("arn:"):
        return True
    return called == granted or called.startswith(f"{granted}:")
