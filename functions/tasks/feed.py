"""Lines on their way from the thread that works to the event loop that sends them."""

import asyncio
import threading
from contextlib import suppress
from typing import Final, final

_ROOM: Final = 262_144
"""Bytes that may wait to be sent before the task waits, too."""


@final
class Feed:
    """Made in the event loop that gets; anybody may put and end, in any thread.

    What was put while the loop was busy makes one piece: many small events cost one
    write.
    """

    def __init__(self, *, room: int = _ROOM) -> None:
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._changed = threading.Condition()
        self._waiting = bytearray()
        self._ended = False

    def put(self, line: bytes) -> bool:
        """Wait until there is room. False: it has ended, and the line was dropped."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or len(self._waiting) < self._room
            )
            if self._ended:
                return False
            was_empty = not self._waiting
            self._waiting += line
        if was_empty:
            self._wake()
        return True

    def end(self, line: bytes = b"") -> bool:
        """End with this line, and let go who waits for room. False: it had ended."""
        with self._changed:
            if self._ended:
                return False
            self._waiting += line
            self._ended = True
            self._changed.notify_all()
        self._wake()
        return True

    async def get(self) -> bytes:
        """Wait for the next piece: one line or more. An empty one is the end."""
        while True:
            self._arrived.clear()
            with self._changed:
                piece, ended = bytes(self._waiting), self._ended
                self._waiting.clear()
                self._changed.notify_all()
            if piece or ended:
                return piece
            await self._arrived.wait()

    def _wake(self) -> None:
        # The loop may have gone while the task was busy.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._arrived.set)
