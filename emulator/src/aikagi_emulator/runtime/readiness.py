"""Whether a web process takes requests yet, as the Lambda Web Adapter finds out."""

import asyncio
from typing import Final

import h11

from aikagi_emulator.runtime.exchange import BrokenOffError, Exchange
from aikagi_emulator.runtime.web_process import WebProcess

_INTERVAL: Final = 0.01
"""Seconds between two looks, as the adapter's."""


async def until_ready(port: int, web: WebProcess) -> None:
    """Ask again and again; the caller sets the limit."""
    while True:
        if await _is_ready(port, web):
            return
        await asyncio.sleep(_INTERVAL)


async def _is_ready(port: int, web: WebProcess) -> bool:
    try:
        async with Exchange(port) as exchange:
            if web.readiness_path is None:
                return True
            host = f"127.0.0.1:{port}"
            request = h11.Request(
                method="GET", target=web.readiness_path, headers=[("host", host)]
            )
            exchange.send(request, b"")
            return (await exchange.head()).status in web.healthy
    except BrokenOffError:
        return False
