"""CloudTrail's records, as far as they say who had a session and what was called.

CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity
element"; IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

_LINE: Final = re.compile(
    # A trail may deliver to CloudWatch Logs, whose export puts a time before each line.
    r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T\S++\s++)?+(\{.*)",
    re.DOTALL,
)
_NOTHING: Final[Mapping[str, Any]] = {}


class NotARecordError(ValueError):
    """The message says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedSession:
    """A session of a role. ``by`` is the ARN of who assumed it, from ``source_ip``.

    ``access_key_id`` is None where it failed, with ``error_code``, or where the record
    hides it.
    """

    time: str
    event_id: str
    request_id: str
    role_arn: str
    session_name: str
    source_identity: str | None
    access_key_id: str | None
    by: str
    source_ip: str
    error_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A call with the credentials of a session. ``role_arn`` is None of anybody else.

    ``is_invocation`` says that a Lambda function was called: a data event.
    """

    time: str
    event_id: str
    access_key_id: str
    role_arn: str | None
    session_arn: str
    is_invocation: bool
    function_arn: str | None
    error_code: str | None


TrailRecord: TypeAlias = AssumedSession | ApiCall


def read_record(value: Any) -> TrailRecord | None:  # noqa: ANN401 - a line or any JSON
    """Read a record; None for one that says neither.

    Raises ``NotARecordError`` for what is none, and for a session without a role.
    """
    record = _record(value)
    if record is None:
        return None
    source, name = _text(record, "eventSource"), _text(record, "eventName")
    if source is None or name is None:
        msg = "it is no record of CloudTrail: it has no eventSource or no eventName"
        raise NotARecordError(msg)
    if source == "sts.amazonaws.com" and name.startswith("AssumeRole"):
        return _assumed(record)
    key = _text(_object(record, "userIdentity"), "accessKeyId")
    # A function URL's call is a data event (Lambda Developer Guide, "Monitoring Lambda
    # function URLs"); the page names InvokeFunctionUrl, records of the Invoke API have
    # Invoke.
    is_invocation = source == "lambda.amazonaws.com" and name.startswith("Invoke")
    if key is None and not is_invocation:
        return None
    return _call(record, key or "", is_invocation=is_invocation)


def _record(value: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        if not value.strip():
            return None
        value = _parsed(value)
    if isinstance(value, dict) and "detail" in value:
        # As EventBridge wraps it.
        value = value["detail"]
    if isinstance(value, dict) and isinstance(value.get("CloudTrailEvent"), str):
        # As `aws cloudtrail lookup-events` wraps it.
        value = _parsed(value["CloudTrailEvent"])
    if not isinstance(value, dict):
        msg = "it is no record of CloudTrail, but something else"
        raise NotARecordError(msg)
    return value


def _parsed(text: str) -> Any:  # noqa: ANN401 - any JSON
    line = _LINE.fullmatch(text.strip())
    try:
        return json.loads(line[1] if line else text)
    except (ValueError, RecursionError):
        msg = "it is no JSON, or cut off"
        raise NotARecordError(msg) from None


def _assumed(record: Mapping[str, Any]) -> AssumedSession:
    asked = _object(record, "requestParameters")
    answered = _object(record, "responseElements")
    role_arn = _text(asked, "roleArn") or _resource(record, "AWS::IAM::Role")
    if role_arn is None:
        msg = "it is of a session, and does not say of which role"
        raise NotARecordError(msg)
    return AssumedSession(
        time=_text(record, "eventTime") or "",
        event_id=_text(record, "eventID") or "",
        request_id=_text(record, "requestID") or "",
        role_arn=role_arn,
        session_name=_text(asked, "roleSessionName") or "",
        source_identity=_text(asked, "sourceIdentity")
        or _text(answered, "sourceIdentity"),
        access_key_id=_text(_object(answered, "credentials"), "accessKeyId"),
        by=_who(record),
        source_ip=_text(record, "sourceIPAddress") or "",
        error_code=_text(record, "errorCode"),
    )


def _call(
    record: Mapping[str, Any], access_key_id: str, *, is_invocation: bool
) -> ApiCall:
    context = _object(_object(record, "userIdentity"), "sessionContext")
    named = _text(_object(record, "requestParameters"), "functionName")
    function = _resource(record, "AWS::Lambda::Function") or named
    return ApiCall(
        time=_text(record, "eventTime") or "",
        event_id=_text(record, "eventID") or "",
        access_key_id=access_key_id,
        role_arn=_text(_object(context, "sessionIssuer"), "arn"),
        session_arn=_who(record),
        is_invocation=is_invocation,
        function_arn=function if is_invocation else None,
        error_code=_text(record, "errorCode"),
    )


def _who(record: Mapping[str, Any]) -> str:
    identity = _object(record, "userIdentity")
    found = (
        _text(identity, name) for name in ("arn", "invokedBy", "principalId", "type")
    )
    return next((text for text in found if text), "")


def _resource(record: Mapping[str, Any], type_: str) -> str | None:
    resources = record.get("resources")
    for resource in resources if isinstance(resources, list) else []:
        if isinstance(resource, dict) and resource.get("type") == type_:
            return _text(resource, "ARN")
    return None


def _object(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else _NOTHING


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) and value else None
