"""One HTTP request to a web process, on a connection of its own."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self, final

import h11

from aikagi_emulator.runtime.stream import Head

_PIECE: Final = 65_536
_LARGEST_HEAD: Final = 65_536


class BrokenOffError(Exception):
    """The answer ended before its end, or is not HTTP."""


@final
class ConnectError(BrokenOffError):
    """Nobody listens: nothing was sent."""


@final
class Exchange:
    """Use it as a context, and call its methods once each, in their order.

    All of them raise ``BrokenOffError``.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        try:
            connected = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            raise ConnectError(str(error)) from error
        self._reader, self._writer = connected
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Not wait_closed(): there is nothing left to say, and no one to wait for.
        self._writer.transport.abort()

    def send(self, request: h11.Request, body: bytes) -> None:
        # Without waiting until it has gone: a process may answer before it has read
        # all, and nothing here is longer than an event may be.
        for event in (request, h11.Data(data=body), h11.EndOfMessage()):
            self._writer.write(self._http.send(event) or b"")

    async def head(self) -> Head:
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return Head(
                    status=event.status_code,
                    headers=tuple(
                        (name.decode("latin-1"), value.decode("latin-1"))
                        for name, value in event.headers
                    ),
                )

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives: what is there already makes one piece."""
        piece = bytearray()
        while not isinstance(event := self._event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                piece += event.data
                continue
            if piece:
                yield bytes(piece)
                piece.clear()
            await self._receive()
        if piece:
            yield bytes(piece)

    async def _next(self) -> object:
        while (event := self._event()) is h11.NEED_DATA:
            await self._receive()
        return event

    def _event(self) -> object:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise BrokenOffError(str(error)) from error

    async def _receive(self) -> None:
        try:
            data = await self._reader.read(_PIECE)
            self._http.receive_data(data)
        except (OSError, h11.RemoteProtocolError) as error:
            raise BrokenOffError(str(error)) from error
