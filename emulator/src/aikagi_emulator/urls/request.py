"""A request exactly as it came, for a signature covers it as it came."""

from typing import Final

from aikagi_emulator.sigv4 import Request
from aikagi_emulator.urls.asgi import Receive, Scope

LARGEST_BODY: Final = 6_291_456
"""Bytes: the 6 MB of a buffered invocation."""

_PATIENCE: Final = 10
"""How many times the largest body is read of a larger one, so that its sender hears
why."""


class BodyTooLargeError(Exception):
    """The body has more bytes than it may have."""


class DisconnectedError(Exception):
    """The client went away before it had sent its request."""


async def read_request(
    scope: Scope, receive: Receive, *, largest: int = LARGEST_BODY
) -> Request:
    """Read the whole request, whose body has ``largest`` bytes at most.

    Raises:
        BodyTooLargeError: counted while reading, whatever Content-Length says.
        DisconnectedError: there is nobody to answer.
    """
    raw_path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return Request(
        method=scope["method"],
        raw_path=raw_path.partition(b"?")[0].decode("latin-1"),
        raw_query=query.decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ),
        body=await _read_body(receive, largest),
    )


def header(scope: Scope, wanted: bytes) -> str | None:
    """The first value of a header, whose name is given in lower case."""
    for name, value in scope["headers"]:
        if name.lower() == wanted:
            text: str = value.decode("latin-1")
            return text
    return None


def is_preflight(scope: Scope) -> bool:
    asked = header(scope, b"access-control-request-method")
    return scope["method"] == "OPTIONS" and asked is not None


async def _read_body(receive: Receive, largest: int) -> bytes:
    body = bytearray()
    total = 0
    more = True
    while more and total <= _PATIENCE * largest:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        piece: bytes = message.get("body", b"")
        total += len(piece)
        if total <= largest:
            body += piece
        more = message.get("more_body", False)
    if total > largest:
        raise BodyTooLargeError
    return bytes(body)
