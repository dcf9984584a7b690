"""An answer collected whole."""

from typing import final

from aikagi_emulator.runtime.adapter import payload_of
from aikagi_emulator.runtime.reports import too_large
from aikagi_emulator.runtime.runtime_api import LARGEST_RESPONSE
from aikagi_emulator.runtime.stream import Head


@final
class BufferedResponse:
    """Takes any answer to its end, and keeps what an invocation may return."""

    def __init__(self) -> None:
        self._head = Head(status=200, headers=())
        self._body = bytearray()

    async def begin(self, head: Head) -> None:
        self._head = head

    async def put(self, piece: bytes) -> None:
        if len(self._body) <= LARGEST_RESPONSE:
            self._body += piece

    def payload(self) -> bytes:
        """Return the result of the invocation.

        Raises:
            FunctionFailedError: it is longer than it may be.
        """
        payload = payload_of(self._head, bytes(self._body))
        if len(payload) > LARGEST_RESPONSE:
            raise too_large(LARGEST_RESPONSE)
        return payload
