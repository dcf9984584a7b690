"""One line for each grant, on standard output; Lambda ships it to CloudWatch Logs."""

import hashlib
import json
import logging
import threading
from datetime import UTC, datetime
from typing import TextIO, final

from app.domain.credentials import Grant, Source
from app.domain.errors import AuditUnavailableError

_log = logging.getLogger(__name__)


@final
class AuditLines:
    """JSON lines; ``AccessKeyId`` and ``StsRequestId`` join CloudTrail's records."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writing = threading.Lock()

    def granted(self, grant: Grant, source: Source) -> None:
        """Write the line and flush it. Raises ``AuditUnavailableError``."""
        line = json.dumps(_record(grant, source)) + "\n"
        try:
            with self._writing:
                self._stream.write(line)
                self._stream.flush()
        except Exception as error:
            _log.exception("The audit line of grant %s was not written", _id(grant))
            raise AuditUnavailableError from error


def _record(grant: Grant, source: Source) -> dict[str, object]:
    plan, credentials = grant.plan, grant.credentials
    return {
        "Event": "Grant",
        "Time": _instant(grant.granted_at),
        "GrantId": _id(grant),
        "Issuer": plan.user.identity.issuer,
        "Subject": plan.user.identity.subject,
        "FunctionName": plan.function.name,
        "FunctionArn": plan.function.arn,
        "RoleArn": plan.function.role_arn,
        "SessionName": plan.name,
        "AccessKeyId": credentials.access_key_id,
        "Expiration": _instant(credentials.expires_at),
        "PolicySha256": hashlib.sha256(plan.policy.encode()).hexdigest(),
        "SourceIp": source.address,
        "RequestId": source.request_id,
        "StsRequestId": credentials.request_id,
    }


def _id(grant: Grant) -> str:
    return grant.plan.grant_id


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None):%Y-%m-%dT%H:%M:%S}Z"
