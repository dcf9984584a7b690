"""Payload format 2.0, which function URLs and HTTP APIs hand to a function alike.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self, final
from urllib.parse import parse_qsl

from aikagi_emulator.sigv4 import Request
from aikagi_emulator.urls.asgi import Scope

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
    """A request that was read. ``protocol`` is like ``HTTP/1.1``, ``at`` in UTC."""

    request: Request
    request_id: str
    at: datetime
    source_ip: str
    protocol: str

    @classmethod
    def of(
        cls, request: Request, scope: Scope, *, request_id: str, at: datetime
    ) -> Self:
        return cls(
            request=request,
            request_id=request_id,
            at=at,
            source_ip=source_ip_of(scope),
            protocol=f"HTTP/{scope.get('http_version', '1.1')}",
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a request was sent, and what it is called there.

    ``api_id`` is the first label of the host on AWS, ``path`` what the function is
    told.
    """

    account_id: str
    api_id: str
    path: str
    port: int
    route_key: str
    scheme: str
    stage: str


def payload(arrival: Arrival, destination: Destination) -> dict[str, Any]:
    """Return the event. What AWS leaves out when it is empty is left out."""
    request = arrival.request
    joined = _join(request.headers)
    body, is_base64 = _encode_body(request.body, joined.get("content-type", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": destination.route_key,
        "rawPath": destination.path,
        "rawQueryString": request.raw_query,
        "headers": _headers(joined, arrival, destination),
        "requestContext": _context(arrival, destination, joined),
        "isBase64Encoded": is_base64,
    }
    if cookies := _cookies(request.headers):
        event["cookies"] = cookies
    if parameters := _join(_query(request.raw_query)):
        event["queryStringParameters"] = parameters
    if body is not None:
        event["body"] = body
    return event


def source_ip_of(scope: Scope) -> str:
    address: str = (scope.get("client") or ("127.0.0.1", 0))[0]
    return address


def _context(
    arrival: Arrival, destination: Destination, headers: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "accountId": destination.account_id,
        "apiId": destination.api_id,
        # The host the client used, for that is the one it signed.
        "domainName": headers.get("host", ""),
        "domainPrefix": destination.api_id,
        "http": {
            "method": arrival.request.method,
            "path": destination.path,
            "protocol": arrival.protocol,
            "sourceIp": arrival.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": arrival.request_id,
        "routeKey": destination.route_key,
        "stage": destination.stage,
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
    joined: Mapping[str, str], arrival: Arrival, destination: Destination
) -> dict[str, str]:
    kept = {
        name: value
        for name, value in joined.items()
        if name not in _OF_THE_CONNECTION
        and name != "cookie"
        # A client may claim any address it likes: what it says does not arrive.
        and not name.startswith("x-forwarded-")
    }
    return {
        **kept,
        "x-forwarded-for": arrival.source_ip,
        "x-forwarded-port": str(destination.port),
        "x-forwarded-proto": destination.scheme,
    }


def _cookies(headers: Iterable[tuple[str, str]]) -> list[str]:
    lines = [value for name, value in headers if name == "cookie"]
    return [part.strip() for line in lines for part in line.split(";") if part.strip()]


def _query(raw_query: str) -> list[tuple[str, str]]:
    return parse_qsl(raw_query, keep_blank_values=True, errors="replace")


def _encode_body(body: bytes, content_type: str) -> tuple[str | None, bool]:
    if not body:
        return None, False
    if _TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass  # a text in another encoding survives only as bytes
    return base64.b64encode(body).decode(), True
