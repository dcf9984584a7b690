"""A function URL."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, final

from aikagi_emulator.runtime import InvocationError, Streamed, ThrottledError
from aikagi_emulator.sigv4 import Request
from aikagi_emulator.urls import answers
from aikagi_emulator.urls.asgi import Receive, Scope, Send, serve
from aikagi_emulator.urls.cors import Headers
from aikagi_emulator.urls.event import build_event
from aikagi_emulator.urls.gate import Gate, RefusedError
from aikagi_emulator.urls.payload import Arrival, source_ip_of
from aikagi_emulator.urls.request import (
    LARGEST_BODY,
    BodyTooLargeError,
    DisconnectedError,
    header,
    is_preflight,
    read_request,
)
from aikagi_emulator.urls.response import (
    MalformedResponseError,
    Response,
    relayed,
    shape,
)
from aikagi_emulator.urls.sending import send_streamed, send_whole
from aikagi_emulator.urls.settings import UrlError, UrlSettings


class Function(Protocol):
    """What runs behind the URL; ``aikagi_emulator.runtime.Pool`` is one."""

    async def invoke(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> bytes:
        """Return the result as JSON, or raise ``InvocationError``."""
        ...

    @property
    def streams(self) -> bool:
        """Whether ``stream`` is the way to call it, and ``invoke`` is not."""
        ...

    async def stream(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> Streamed:
        """Return the answer as soon as it has begun, or raise ``InvocationError``."""
        ...


@final
class FunctionUrl:
    """An ASGI application that answers as the function URL of ``settings`` would.

    ``log`` gets the function's name and one line for each call that AWS would
    refuse or answer with 502, and for each answer that is cut off, with the reason that
    the wire does not tell. The server
    must leave forwarding headers alone (uvicorn: ``proxy_headers=False``), for the
    address of the caller is that of the socket.

    Raises:
        UrlError: one of URL and function streams, and the other does not.
    """

    def __init__(
        self,
        settings: UrlSettings,
        *,
        gate: Gate,
        pool: Function,
        clock: Callable[[], datetime],
        log: Callable[[str, str], None],
    ) -> None:
        check_modes(settings, streams=pool.streams)
        self._settings = settings
        self._gate = gate
        self._pool = pool
        self._clock = clock
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await serve(self._answer, scope, receive, send, name="a function URL")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = str(uuid.uuid4())
        origin = header(scope, b"origin")
        cors = self._settings.cors
        own: Headers = (("x-amzn-requestid", request_id),)
        own += cors.headers(origin) if cors else ()
        if cors and origin and is_preflight(scope):
            headers = cors.preflight_headers(origin)
            response = Response(status=200, headers=headers, body=b"")
        else:
            try:
                response = await self._respond(scope, receive, request_id)
            except DisconnectedError:
                return
        if response.streamed is None:
            await send_whole(send, response, own, method=scope["method"])
            return
        try:
            await send_streamed(send, response, response.streamed, own)
        except InvocationError as error:
            self._note(scope, response.status, f"cut off: {_named(error)}")

    async def _respond(
        self, scope: Scope, receive: Receive, request_id: str
    ) -> Response:
        try:
            request = await read_request(scope, receive)
            event = self._event(request, scope, request_id)
            if self._settings.streams:
                return relayed(await self._pool.stream(event, request_id=request_id))
            return shape(await self._pool.invoke(event, request_id=request_id))
        except BodyTooLargeError:
            return answers.too_large()
        except RefusedError as error:
            self._note(scope, error.status, f"{error} {error.why}".rstrip())
            return answers.refused(error)
        except ThrottledError as error:
            self._note(scope, 429, str(error))
            return answers.throttled()
        except (InvocationError, MalformedResponseError) as error:
            self._note(scope, 502, _named(error))
            return answers.failed()

    def _event(self, request: Request, scope: Scope, request_id: str) -> dict[str, Any]:
        caller = self._gate.admit(
            request,
            function_arn=self._settings.function_arn,
            auth_type=self._settings.auth_type,
            source_ip=source_ip_of(scope),
        )
        arrival = Arrival.of(request, scope, request_id=request_id, at=self._clock())
        event = build_event(arrival, self._settings, caller=caller)
        if len(event.get("body", "")) > LARGEST_BODY:
            # It is the event that may have 6 MB, and base64 is a third longer.
            raise BodyTooLargeError
        return event

    def _note(self, scope: Scope, status: int, why: str) -> None:
        # Without the query, which in a presigned URL holds the signature.
        line = f"{scope['method']} {scope['path']!r} {status} {why}"
        self._log(self._settings.function_name, line)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def check_modes(settings: UrlSettings, *, streams: bool) -> None:
    """Raises ``UrlError`` where one of URL and function streams, and the other not."""
    if settings.streams and not streams:
        msg = (
            f"{settings.function_arn}: InvokeMode RESPONSE_STREAM needs a function "
            "that runs as a web process behind the Lambda Web Adapter, with "
            "AWS_LWA_INVOKE_MODE response_stream: awslambdaric cannot stream"
        )
        raise UrlError(msg)
    if streams and not settings.streams:
        msg = (
            f"{settings.function_arn}: AWS_LWA_INVOKE_MODE response_stream needs "
            "InvokeMode RESPONSE_STREAM: callers of a BUFFERED URL get the adapter's "
            "framing instead of an answer"
        )
        raise UrlError(msg)
