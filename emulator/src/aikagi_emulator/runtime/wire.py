"""As much of HTTP/1.1 as a runtime client speaks: libcurl's and http.client's.

The peer is the process this launcher started, over loopback. A request it does not
send, such as a folded header, is refused rather than guessed at.
"""

from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol, final

_CHUNK: Final = 65_536


class Writer(Protocol):
    """What an ``asyncio.StreamWriter`` is needed for here."""

    def write(self, data: bytes, /) -> None: ...


class ProtocolError(Exception):
    """What arrived is no request a runtime client sends."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. ``body`` is None when it was longer than the limit."""

    method: str
    target: str
    headers: dict[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


async def read_call(reader: StreamReader, writer: Writer, *, limit: int) -> Call | None:
    """Read the next request, or None when the peer has closed the connection.

    A body longer than ``limit`` bytes is read to its end and thrown away, so that the
    client is listening when it is told.

    Raises:
        ProtocolError: the connection is of no more use.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (IncompleteReadError, ConnectionError):
        return None
    except LimitOverrunError as error:
        raise ProtocolError(str(error)) from error
    method, target, headers = _parse(head.decode("latin-1"))
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        body = await _read_body(reader, headers, limit)
    except (IncompleteReadError, ConnectionError, ValueError) as error:
        raise ProtocolError(str(error)) from error
    return Call(method=method, target=target, headers=headers, body=body)


def _parse(head: str) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    try:
        method, target, _ = first.split(" ")
        pairs = [line.split(":", 1) for line in lines]
        return method, target, {name.lower(): value.strip() for name, value in pairs}
    except ValueError as error:
        raise ProtocolError(first) from error


async def _read_body(
    reader: StreamReader, headers: dict[str, str], limit: int
) -> bytes | None:
    kept = bytearray()
    total = 0
    if headers.get("transfer-encoding", "").lower() == "chunked":
        # RFC 9112, section 7.1: size in hexadecimal, perhaps with an extension.
        while size := int((await reader.readline()).split(b";")[0], 16):
            total += await _take(reader, size, kept, limit)
            await reader.readexactly(2)
        while (await reader.readline()).strip():
            pass
    else:
        total = int(headers.get("content-length", "0"))
        await _take(reader, total, kept, limit)
    return None if total > limit else bytes(kept)


async def _take(reader: StreamReader, size: int, kept: bytearray, limit: int) -> int:
    """Read ``size`` bytes and keep them while all that is kept fits in ``limit``."""
    left = size
    while left > 0:
        piece = await reader.readexactly(min(left, _CHUNK))
        left -= len(piece)
        if len(kept) <= limit:
            kept += piece
    return size


def answer(
    writer: Writer,
    status: HTTPStatus,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> None:
    """Write an answer whole, in one segment where it fits."""
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
