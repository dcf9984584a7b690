"""Whether a web process takes requests yet, as the Lambda Web Adapter finds out."""

import asyncio
from typing import Final, final

import h11

from aikagi_emulator.runtime.exchange import BrokenOffError, ConnectError, Exchange
from aikagi_emulator.runtime.web_process import WebProcess

_INTERVAL: Final = 0.01
"""Seconds between two looks, as the adapter's."""


@final
class Readiness:
    """Asks a process again and again; ``problem`` says what was wrong the last time."""

    def __init__(self, port: int, web: WebProcess) -> None:
        self._port = port
        self._web = web
        self._last = "nobody listened there"

    @property
    def problem(self) -> str:
        path = self._web.readiness_path
        if path is None:
            return f"nobody listens on port {self._port}, which is in AWS_LWA_PORT"
        return (
            f"GET {path} on port {self._port}, which is in AWS_LWA_PORT, has to give a "
            "status of AWS_LWA_READINESS_CHECK_HEALTHY_STATUS; the last time "
            f"{self._last}"
        )

    async def wait(self) -> None:
        """Return once it is ready; the caller sets the limit."""
        while True:
            if await self._is_ready():
                return
            await asyncio.sleep(_INTERVAL)

    async def _is_ready(self) -> bool:
        try:
            async with Exchange(self._port) as exchange:
                if self._web.readiness_path is None:
                    return True
                host = f"127.0.0.1:{self._port}"
                request = h11.Request(
                    method="GET",
                    target=self._web.readiness_path,
                    headers=[("host", host)],
                )
                exchange.send(request, b"")
                status = (await exchange.head()).status
        except ConnectError:
            self._last = "nobody listened there"
            return False
        except BrokenOffError as error:
            self._last = f"the answer broke off: {error}"
            return False
        self._last = f"the status was {status}"
        return status in self._web.healthy
