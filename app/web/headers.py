"""Headers: those every answer has, and one that no request needs."""

import uuid
from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000"),
)

_OF_DOCUMENTS: Final = ((b"cross-origin-opener-policy", b"same-origin"),)
"""Browsers look for it in what a window shows (HTML Standard, section 7.1.3)."""

_UNLESS_SET: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""The page and its files say otherwise of themselves; nothing else may be kept."""


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_ours(message["headers"])
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _with_ours(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Add to headers whose names are in lower case, as ASGI has them."""
    given = dict(headers)
    is_document = given.get(b"content-type", b"").startswith(b"text/html")
    return [
        *headers,
        *_ALWAYS,
        *(_OF_DOCUMENTS if is_document else ()),
        *(header for header in _UNLESS_SET if header[0] not in given),
    ]


class RequestIds:
    """Name each request: as API Gateway does where it is there, at random elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _of_api_gateway(scope) or str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        written = request_id.encode("latin-1")

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", written)]
            await send(message)

        await self._app(scope, receive, send_with_id)


def _of_api_gateway(scope: Scope) -> str | None:
    event = scope.get("aws.event", {})
    request_id = event.get("requestContext", {}).get("requestId")
    return request_id if isinstance(request_id, str) and request_id else None


class WithoutCookies:
    """Take the Cookie header away.

    Nothing here reads one: a token in a cookie is refused, as any page could send it.
    FastAPI parses them for every route all the same, by Python's own parser, whose
    work grows with the square of the input (CVE-2024-7592, mended in 3.11.10, 3.12.6).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            others = [header for header in scope["headers"] if header[0] != b"cookie"]
            scope = {**scope, "headers": others}
        await self._app(scope, receive, send)
