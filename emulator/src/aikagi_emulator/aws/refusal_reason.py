"""Why something was refused, in a header of the answer: for ``--explain``.

AWS's words stay as they are; whoever asked for explanations reads one header more.
"""

from contextvars import ContextVar
from typing import Final, final

from aikagi_emulator.urls.asgi import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = b"x-emulator-refusal-reason"

_LONGEST: Final = 2048
_CUT: Final = " ..."

_noted: ContextVar[list[str] | None] = ContextVar("noted", default=None)


def note(why: str) -> None:
    """Keep the cause of a refusal for the answer, where it is ``RefusalReason``."""
    noted = _noted.get()
    if noted is not None:
        noted.append(why)


@final
class RefusalReason:
    """Adds what was noted while ``application`` answered a request.

    The list is handed down through the context, which is a request's own and which
    threads that ``asyncio.to_thread`` starts share.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        noted: list[str] = []

        async def explain(message: Message) -> None:
            if noted and message["type"] == "http.response.start":
                header = (HEADER, header_value(noted[-1]))
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        _noted.set(noted)
        await self._application(scope, receive, explain)


def header_value(why: str) -> bytes:
    """One line of printable ASCII, at most 2,048 bytes, whatever a request made of it.

    What stands on further lines, a canonical request, is for the log alone.
    """
    line, _, more = why.strip().partition("\n")
    text = line.encode("unicode_escape").decode("ascii")
    if more:
        text += " (see the log)"
    if len(text) > _LONGEST:
        text = text[: _LONGEST - len(_CUT)] + _CUT
    return text.encode("ascii")
