"""An answer on its way from a function to whoever reads it."""

import asyncio
from dataclasses import dataclass, field
from typing import Final, final

from aikagi_emulator.runtime.reports import too_large

LARGEST_STREAM: Final = 209_715_200
"""Bytes: the 200 MB of a streamed answer.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What comes before the body. ``headers`` are latin-1, names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)


@final
class Stream:
    """Holds one piece at most: who writes waits until it has been read.

    One task writes, one reads, both in the same event loop. ``limit`` is in bytes.
    """

    def __init__(self, *, limit: int = LARGEST_STREAM) -> None:
        self._limit = limit
        self._total = 0
        self._head: Head | None = None
        self._piece: bytes | None = None
        self._ended = False
        self._error: Exception | None = None
        self._left = False
        self._changed = asyncio.Condition()

    async def begin(self, head: Head) -> None:
        async with self._changed:
            self._head = head
            self._changed.notify_all()

    async def put(self, piece: bytes) -> None:
        """Hand over the next piece, once there is room; at once when nobody reads.

        Raises:
            FunctionFailedError: the answer is longer than it may be.
        """
        self._total += len(piece)
        if self._total > self._limit:
            raise too_large(self._limit)
        async with self._changed:
            await self._changed.wait_for(lambda: self._piece is None)
            self._piece = None if self._left else piece
            self._changed.notify_all()

    async def end(self, error: Exception | None = None) -> None:
        """Say that nothing more comes, and why where that is early."""
        async with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    async def head(self) -> Head:
        """Wait for the head. Raises what ``end`` was told, if that came first."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._head or self._ended)
            if self._head is None:
                raise self._error or AssertionError("an answer without a head")
            return self._head

    async def get(self) -> bytes | None:
        """Wait for the next piece; None is the end. Raises what ``end`` was told."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._piece or self._ended)
            piece, self._piece = self._piece, None
            self._changed.notify_all()
        if piece is None and self._error is not None:
            raise self._error
        return piece

    async def leave(self) -> None:
        """Read no more: what still comes is dropped, so that the function can end."""
        async with self._changed:
            self._left, self._piece = True, None
            self._changed.notify_all()
