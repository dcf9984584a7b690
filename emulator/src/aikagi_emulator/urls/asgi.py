"""What is ASGI's, spelled out once.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


async def serve(
    answer: ASGIApp, scope: Scope, receive: Receive, send: Send, *, name: str
) -> None:
    """Let ``answer`` have what is HTTP; WebSocket raises ``NotImplementedError``."""
    match scope["type"]:
        case "http":
            await answer(scope, receive, send)
        case "lifespan":
            await _live(receive, send)
        case other:
            msg = f"{name} does not speak {other}"
            raise NotImplementedError(msg)


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the server's start and end; the functions have another owner."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
