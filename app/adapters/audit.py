"""One line for each record, on standard output; Lambda ships it to CloudWatch Logs."""

import json
import logging
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, final

from app.adapters.line_writer import LineWriter
from app.domain.audit import LONGEST_TEXT, VERSION, AuditRecord
from app.domain.credentials import Source
from app.domain.errors import AuditUnavailableError
from app.domain.identity import Identity

_log = logging.getLogger(__name__)


@final
class AuditLines:
    """JSON lines. Satisfies ``audit_trail.AuditLog``."""

    def __init__(self, lines: LineWriter) -> None:
        self._lines = lines

    def write(self, record: AuditRecord) -> None:
        """Write the line and flush it. Raises ``AuditUnavailableError``."""
        line = json.dumps(to_json(record))
        try:
            self._lines.write(line)
        except Exception as error:
            _log.exception("An audit line was not written: %s", record.event)
            raise AuditUnavailableError from error


def to_json(record: AuditRecord) -> dict[str, Any]:
    """Give the members of the line of ``record``; what is None has none."""
    members: dict[str, Any] = {"Version": VERSION, "Event": record.event}
    for field in fields(record):
        value = getattr(record, field.name)
        match value:
            case None:
                continue
            case Source():
                members["RequestId"] = value.request_id[:LONGEST_TEXT]
                members["SourceIp"] = value.address[:LONGEST_TEXT]
            case Identity():
                members["Issuer"] = value.issuer
                members["Subject"] = value.subject
            case datetime():
                members[member_name(field.name)] = _instant(value)
            case _:
                members[member_name(field.name)] = value
    return members


@cache
def member_name(field: str) -> str:
    """Give the name in the line: ``AccessKeyId`` for ``access_key_id``."""
    return "".join(word.capitalize() for word in field.split("_"))


def _instant(moment: datetime) -> str:
    in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='seconds')}Z"
