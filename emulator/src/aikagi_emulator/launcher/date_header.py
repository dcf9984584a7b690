"""The ``Date`` of answers: AWS's, by which SDKs put their own clocks right."""

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import final

from aikagi_emulator.urls.asgi import ASGIApp, Message, Receive, Scope, Send


@final
class DateHeader:
    """Stands where the server's own ``Date`` would, which is the real time."""

    def __init__(self, application: ASGIApp, *, clock: Callable[[], datetime]) -> None:
        self._application = application
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def date(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = format_datetime(self._clock(), usegmt=True).encode()
                headers = [*message["headers"], (b"date", now)]
                message = {**message, "headers": headers}
            await send(message)

        await self._application(scope, receive, date)
