"""Lines on their way from the thread that works to the event loop that sends them."""

import asyncio
import threading
from contextlib import suppress
from typing import Final, final

_CAPACITY: Final = 262_144
"""Bytes that may wait to be sent before the task waits, too."""


@final
class LineQueue:
    """Made in the event loop that gets; any thread may put and close.

    What was put while the loop was busy makes one chunk: many small events cost one
    write.
    """

    def __init__(self, *, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._changed = threading.Condition()
        self._waiting = bytearray()
        self._closed = False

    def put(self, line: bytes) -> bool:
        """Wait until there is room. False: it is closed, and the line was dropped."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or len(self._waiting) < self._capacity
            )
            if self._closed:
                return False
            was_empty = not self._waiting
            self._waiting += line
        if was_empty:
            self._wake()
        return True

    def close(self, line: bytes = b"") -> bool:
        """Close after this line, and wake who waits for room. False: it was closed."""
        with self._changed:
            if self._closed:
                return False
            self._waiting += line
            self._closed = True
            self._changed.notify_all()
        self._wake()
        return True

    async def get(self) -> bytes:
        """Wait for the next chunk: one line or more. An empty one is the end."""
        while True:
            self._arrived.clear()
            with self._changed:
                chunk, closed = bytes(self._waiting), self._closed
                self._waiting.clear()
                self._changed.notify_all()
            if chunk or closed:
                return chunk
            await self._arrived.wait()

    def _wake(self) -> None:
        # The loop may have gone while the task was busy.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._arrived.set)
