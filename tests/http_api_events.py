"""Events as an HTTP API sends them, payload format 2.0."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def http_api_event(
    method: str,
    target: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Make one. ``changes`` replace members of the event."""
    url = urlsplit(target)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": url.path,
        "rawQueryString": url.query,
        "headers": {
            "host": "abc123.execute-api.eu-west-1.amazonaws.com",
            "x-forwarded-for": "198.51.100.99, 203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            **(headers or {}),
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "abc123.execute-api.eu-west-1.amazonaws.com",
            "http": {
                "method": method,
                "path": url.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "test",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2030:12:00:00 +0000",
            "timeEpoch": 1893499200000,
        },
        **({"body": base64.b64encode(body).decode()} if body is not None else {}),
        "isBase64Encoded": body is not None,
        **changes,
    }
