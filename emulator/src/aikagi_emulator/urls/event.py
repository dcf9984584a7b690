"""The event a function URL hands to its function: payload format 2.0.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, final
from urllib.parse import parse_qsl

from aikagi_emulator.sigv4 import Request
from aikagi_emulator.urls.gate import Caller
from aikagi_emulator.urls.settings import UrlSettings

_TEXT: Final = re.compile(
    r"text/.+"
    r"|application/(json|javascript|xml|x-www-form-urlencoded)"
    r"|[^/]+/[^/]+\+(json|xml)"
)
_OF_THE_CONNECTION: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110, section 7.6.1: they speak about the hop, which ends here."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request that was admitted. ``protocol`` is like ``HTTP/1.1``, ``at`` in UTC.

    ``caller`` is None where the URL asks for no signature.
    """

    request: Request
    caller: Caller | None
    request_id: str
    at: datetime
    source_ip: str
    protocol: str


def build_event(arrival: Arrival, settings: UrlSettings) -> dict[str, Any]:
    """Return the event for one request.

    The path stays encoded, as function URLs leave it (an HTTP API decodes it). What
    AWS leaves out when it is empty is left out.
    """
    request = arrival.request
    joined = _join(request.headers)
    body, is_base64 = _encode_body(request.body, joined.get("content-type", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.raw_path,
        "rawQueryString": request.raw_query,
        "headers": _headers(joined, arrival, settings),
        "requestContext": _context(arrival, settings, joined),
        "isBase64Encoded": is_base64,
    }
    if cookies := _cookies(request.headers):
        event["cookies"] = cookies
    if parameters := _join(_query(request.raw_query)):
        event["queryStringParameters"] = parameters
    if body is not None:
        event["body"] = body
    return event


def _context(
    arrival: Arrival, settings: UrlSettings, headers: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "accountId": settings.account_id if arrival.caller else "anonymous",
        "apiId": settings.url_id,
        "authentication": None,
        "authorizer": _authorizer(arrival.caller),
        # The host the client used, for that is the one it signed.
        "domainName": headers.get("host", ""),
        "domainPrefix": settings.url_id,
        "http": {
            "method": arrival.request.method,
            "path": arrival.request.raw_path,
            "protocol": arrival.protocol,
            "sourceIp": arrival.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": arrival.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": f"{arrival.at:%d/%b/%Y:%H:%M:%S} +0000",
        "timeEpoch": round(arrival.at.timestamp() * 1000),
    }


def _join(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join the values of each name with commas, in order of arrival."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: ",".join(all_) for name, all_ in values.items()}


def _headers(
    joined: Mapping[str, str], arrival: Arrival, settings: UrlSettings
) -> dict[str, str]:
    kept = {
        name: value
        for name, value in joined.items()
        if name not in _OF_THE_CONNECTION
        and name != "cookie"
        # A client may claim any address it likes: what it says does not arrive.
        and not name.startswith("x-forwarded-")
    }
    if arrival.caller is not None:
        # The signature has served. The session token, on AWS too, is passed on.
        kept.pop("authorization", None)
    return {
        **kept,
        "x-forwarded-for": arrival.source_ip,
        "x-forwarded-port": str(settings.port),
        "x-forwarded-proto": settings.scheme,
    }


def _cookies(headers: Iterable[tuple[str, str]]) -> list[str]:
    lines = [value for name, value in headers if name == "cookie"]
    return [part.strip() for line in lines for part in line.split(";") if part.strip()]


def _query(raw_query: str) -> list[tuple[str, str]]:
    return parse_qsl(raw_query, keep_blank_values=True, errors="replace")


def _authorizer(caller: Caller | None) -> dict[str, Any] | None:
    if caller is None:
        return None
    return {
        "iam": {
            "accessKey": caller.access_key_id,
            "accountId": caller.account_id,
            "callerId": caller.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": caller.user_arn,
            "userId": caller.user_id,
        }
    }


def _encode_body(body: bytes, content_type: str) -> tuple[str | None, bool]:
    if not body:
        return None, False
    if _TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass  # a text in another encoding survives only as bytes
    return base64.b64encode(body).decode(), True
