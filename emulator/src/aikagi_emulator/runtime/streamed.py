"""An answer that is still being made, as its reader holds it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import final

from aikagi_emulator.runtime.stream import Head


@final
class Streamed:
    """Iterate over the body once, in any event loop, and ``leave`` in the end.

    Each piece is asked for when the one before has been dealt with, and the function
    waits for that: nothing piles up. ``headers`` have lower-case names; each cookie
    is one. Iterating raises ``InvocationError`` where the answer is cut off.
    """

    def __init__(
        self,
        head: Head,
        *,
        get: Callable[[], Awaitable[bytes | None]],
        leave: Callable[[], None],
    ) -> None:
        self.status = head.status
        self.headers = head.headers
        self._get = get
        self._leave = leave

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self._get():
            yield piece

    def leave(self) -> None:
        """Say that nobody reads on. What still comes is dropped."""
        self._leave()
