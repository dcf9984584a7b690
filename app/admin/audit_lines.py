"""The broker's audit lines, as they were written or as CloudWatch Logs exports them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from app.domain.audit import VERSION, GrantRecord, RevocationRecord

_LINE: Final = re.compile(
    # An export to S3 puts a time before each line, `aws logs tail` the stream as well.
    r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T\S++\s++(?:[^\s{]\S*+\s++)?+)?+(\{.*)",
    re.DOTALL,
)
_MESSAGES: Final = ("@message", "message")
"""Members in which exports carry the line: of Logs Insights, and of `aws logs
filter-log-events`."""


class NotAnAuditLineError(ValueError):
    """The message says what is wrong with a line that should have been one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLine:
    """What a line says of a grant. ``time`` is as written: UTC, to the second."""

    grant_id: str
    session_grant_id: str
    time: str
    issuer: str
    subject: str
    function_name: str
    function_arn: str
    role_arn: str
    session_name: str
    access_key_id: str
    sts_request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """The sessions that a revocation made for its own proof."""

    time: str
    access_key_ids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLine:
    """Anything else. ``event`` is the event of an audit line, None of no such line."""

    event: str | None


_PROOF_KEYS: Final = ("ProofAccessKeyId", "ComparedAccessKeyId")

AuditLine: TypeAlias = GrantLine | ProofLine | OtherLine


def read_line(value: Any) -> AuditLine:  # noqa: ANN401 - a line or any JSON
    """Read a line, or what an export made of it.

    Raises ``NotAnAuditLineError`` for JSON that is cut off, of a later version, or
    lacks what its event has to have.
    """
    members = _members(_unwrapped(value))
    event = members.get("Event")
    if not isinstance(event, str):
        return OtherLine(event=None)
    _require_known_version(members)
    if event == GrantRecord.event:
        return _grant(members)
    keys = (members.get(name) for name in _PROOF_KEYS)
    found = frozenset(key for key in keys if isinstance(key, str))
    if event == RevocationRecord.event and found:
        return ProofLine(time=_text(members, "Time"), access_key_ids=found)
    return OtherLine(event=event)


def _unwrapped(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        # A row of `aws logs get-query-results`.
        value = {
            cell.get("field"): cell.get("value")
            for cell in value
            if isinstance(cell, dict)
        }
    if isinstance(value, dict) and "Event" not in value:
        return next((value[name] for name in _MESSAGES if name in value), value)
    return value


def _members(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return value
    line = _LINE.fullmatch(value.strip()) if isinstance(value, str) else None
    if line is None:
        return {}
    try:
        found = json.loads(line[1])
    except (ValueError, RecursionError):
        msg = "it is no JSON, or cut off"
        raise NotAnAuditLineError(msg) from None
    return found if isinstance(found, dict) else {}


def _require_known_version(members: Mapping[str, Any]) -> None:
    # Logs Insights gives numbers as texts. Lines without a version are from before.
    version = str(members.get("Version", VERSION))
    if version != str(VERSION):
        msg = "a later version of the broker has written it"
        raise NotAnAuditLineError(msg)


def _grant(members: Mapping[str, Any]) -> GrantLine:
    grant_id = _text(members, "GrantId")
    return GrantLine(
        grant_id=grant_id,
        session_grant_id=str(members.get("SessionGrantId", grant_id)),
        time=_text(members, "Time"),
        issuer=_text(members, "Issuer"),
        subject=_text(members, "Subject"),
        function_name=_text(members, "FunctionName"),
        function_arn=_text(members, "FunctionArn"),
        role_arn=_text(members, "RoleArn"),
        session_name=_text(members, "SessionName"),
        access_key_id=_text(members, "AccessKeyId"),
        sts_request_id=_text(members, "StsRequestId"),
    )


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        msg = f"it has no {name}"
        raise NotAnAuditLineError(msg)
    return value
