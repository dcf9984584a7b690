"""An event as an HTTP request, and an answer as a result: the Lambda Web Adapter.

https://github.com/aws/aws-lambda-web-adapter, version 1.0, which builds on lambda_http.
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import h11

from aikagi_emulator.runtime.errors import FunctionFailedError
from aikagi_emulator.runtime.function import FunctionSpec
from aikagi_emulator.runtime.stream import Head
from aikagi_emulator.runtime.trace import trace_id

_TEXT: Final = re.compile(
    r"text/.+"
    r"|application/(json|javascript|xml|x-www-form-urlencoded)"
    r"|[^/]+/[^/]+\+(json|xml)"
)
_NOT_IN_URLS: Final = re.compile(r'[^\x21-\x7e]+|[#"<>?`{}]')
"""Of a path: https://docs.rs/lambda_http encodes these."""

_WITH_CONTENT: Final = ("POST", "PUT", "PATCH")


def request_of(
    payload: bytes, spec: FunctionSpec, *, request_id: str, deadline: datetime
) -> tuple[h11.Request, bytes]:
    """Return the request, and its body, that an event stands for.

    It is one of a function URL or of an HTTP API.

    Raises:
        FunctionFailedError: the adapter cannot make a request of it.
    """
    event: dict[str, Any] = json.loads(payload)
    try:
        body = _body(event)
        context = event["requestContext"]
        trace = trace_id(deadline)
        return h11.Request(
            method=context["http"]["method"],
            target=_target(event),
            headers=[
                (name.encode(), value)
                for name, value in {
                    **_headers(event, body),
                    "x-amzn-trace-id": trace.encode(),
                    # Whatever a client says under these names does not arrive.
                    "x-amzn-request-context": _json(context),
                    "x-amzn-lambda-context": _json(
                        _context(spec, request_id, deadline, trace)
                    ),
                }.items()
            ],
        ), body
    except (KeyError, ValueError, h11.LocalProtocolError) as error:
        problem = f"this event makes no HTTP request: {error!r}"
        raise FunctionFailedError("Adapter.InvalidEvent", problem) from error


def payload_of(head: Head, body: bytes) -> bytes:
    """Return a whole answer as the result of an invocation."""
    values: dict[str, list[str]] = {}
    for name, value in head.headers:
        values.setdefault(name, []).append(value)
    cookies = values.pop("set-cookie", [])
    headers = {name: ", ".join(all_) for name, all_ in values.items()}
    text = _text(headers, body)
    return _json(
        {
            "statusCode": head.status,
            "headers": headers,
            "cookies": cookies,
            "body": base64.b64encode(body).decode() if text is None else text,
            "isBase64Encoded": text is None,
        }
    )


def _target(event: Mapping[str, Any]) -> str:
    query: str = event["rawQueryString"]
    if "+" in query:
        # https://github.com/aws/aws-lambda-web-adapter/issues/491
        raise FunctionFailedError(
            "Adapter.InvalidUri",
            "the Lambda Web Adapter fails on + in a query string: send %20 for a "
            "space and %2B for a plus",
        )
    # An HTTP API has decoded the path. What no URL has is encoded, and nothing else:
    # https://github.com/aws/aws-lambda-rust-runtime/pull/516
    path = _NOT_IN_URLS.sub(lambda found: quote(found[0]), event["rawPath"])
    return f"{path}?{query}" if query else path


def _headers(event: Mapping[str, Any], body: bytes) -> dict[str, bytes]:
    headers = {
        name: value.encode("latin-1") for name, value in event["headers"].items()
    }
    headers.pop("content-length", None)
    if body or event["requestContext"]["http"]["method"] in _WITH_CONTENT:
        headers["content-length"] = str(len(body)).encode()
    if cookies := event.get("cookies"):
        headers["cookie"] = "; ".join(cookies).encode("latin-1")
    return headers


def _body(event: Mapping[str, Any]) -> bytes:
    body: str = event.get("body", "")
    return base64.b64decode(body) if event["isBase64Encoded"] else body.encode()


def _context(
    spec: FunctionSpec, request_id: str, deadline: datetime, trace: str
) -> dict[str, object]:
    """Return lambda_runtime's ``Context``; ``deadline`` is in milliseconds."""
    return {
        "request_id": request_id,
        "deadline": int(deadline.timestamp() * 1000),
        "invoked_function_arn": spec.arn,
        "xray_trace_id": trace,
        "client_context": None,
        "identity": None,
        "env_config": {
            "function_name": spec.name,
            "memory": spec.memory_mb,
            "version": "$LATEST",
            "log_stream": "local",
            "log_group": f"/aws/lambda/{spec.name}",
        },
    }


def _text(headers: Mapping[str, str], body: bytes) -> str | None:
    content_type = headers.get("content-type", "text/plain").partition(";")[0]
    if "content-encoding" in headers or not _TEXT.fullmatch(content_type.lower()):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
