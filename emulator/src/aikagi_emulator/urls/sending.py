"""A response on its way to the server that runs the application."""

from aikagi_emulator.runtime import Streamed
from aikagi_emulator.urls.asgi import Message, Send
from aikagi_emulator.urls.cors import Headers
from aikagi_emulator.urls.response import Response


async def send_whole(
    send: Send, response: Response, own: Headers, *, method: str
) -> None:
    length = ("content-length", str(len(response.body)))
    await send(_start(response.status, (*own, *response.headers, length)))
    body = b"" if method == "HEAD" else response.body
    await send({"type": "http.response.body", "body": body})


async def send_streamed(
    send: Send, response: Response, streamed: Streamed, own: Headers
) -> None:
    """Send each piece when the server has taken the one before.

    When the client has gone, the server takes them all and drops them.

    Raises:
        InvocationError: the answer is cut off. Nothing marks its end, so the server
            closes the connection, and the client sees that something is missing.
    """
    try:
        await send(_start(response.status, (*own, *response.headers)))
        async for piece in streamed:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except OSError:
        pass  # another way for a server to say that the client has gone
    finally:
        streamed.leave()


def _start(status: int, headers: Headers) -> Message:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ],
    }
