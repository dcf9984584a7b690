"""A request from the Lambda Web Adapter, read as the event that it was made of.

The adapter puts in headers what no HTTP request has: ``x-amzn-request-context`` is the
event's own, ``x-amzn-lambda-context`` has the ``deadline`` in milliseconds since 1970.
It replaces whatever a client sends under these names, and nobody but the adapter can
reach the process.
"""

import json
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl

from aikagi_function.request import Request, TimeLimit

_REQUEST_CONTEXT: Final = "x-amzn-request-context"
_LAMBDA_CONTEXT: Final = "x-amzn-lambda-context"
_NOT_OF_THE_EVENT: Final = frozenset({_REQUEST_CONTEXT, _LAMBDA_CONTEXT, "cookie"})
"""An event has its cookies apart, and no such contexts among its headers."""


def is_invocation(scope: Mapping[str, Any]) -> bool:
    """Return False for the adapter's own check whether the process is ready."""
    return _REQUEST_CONTEXT in _headers(scope)


def request_from(
    scope: Mapping[str, Any], body: bytes, *, margin: float, clock: Callable[[], float]
) -> Request:
    headers = _headers(scope)
    ends = _deadline(headers) - margin
    event = {
        "requestContext": json.loads(headers[_REQUEST_CONTEXT]),
        "rawPath": scope["raw_path"].decode("latin-1"),
        "queryStringParameters": _joined(
            parse_qsl(
                scope["query_string"].decode("latin-1"),
                keep_blank_values=True,
                errors="replace",
            )
        ),
        "headers": {
            name: value
            for name, value in headers.items()
            if name not in _NOT_OF_THE_EVENT
        },
        "body": body,
    }
    return Request.from_event(event, limit=TimeLimit(lambda: ends - clock()))


async def read_body(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
) -> bytes | None:
    """Read the whole body; None when the client disconnected meanwhile."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def disconnected(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
) -> None:
    """Wait until the client is gone.

    Lambda never sends that: there a function works on, and is billed, to its end.
    """
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    # The adapter writes JSON as UTF-8, which HTTP alone takes for latin-1.
    return _joined(
        (name.decode("latin-1").lower(), value.decode("utf-8", "replace"))
        for name, value in scope["headers"]
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join the values of each name with commas, as an event has them."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: ",".join(all_) for name, all_ in values.items()}


def _deadline(headers: Mapping[str, str]) -> float:
    """Seconds since 1970, or infinity where the adapter sends none."""
    milliseconds = json.loads(headers.get(_LAMBDA_CONTEXT, "{}")).get("deadline")
    return math.inf if milliseconds is None else milliseconds / 1000
