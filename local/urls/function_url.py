"""A function URL."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, final

from local.runtime import InvocationError, ThrottledError
from local.sigv4 import Request
from local.urls import answers
from local.urls.asgi import Receive, Scope, Send
from local.urls.cors import Headers
from local.urls.event import Arrival, build_event
from local.urls.gate import Gate, RefusedError
from local.urls.request import BodyTooLargeError, DisconnectedError, read_request
from local.urls.response import MalformedResponseError, Response, shape
from local.urls.settings import UrlSettings


class Function(Protocol):
    """What runs behind the URL; ``local.runtime.Pool`` is one."""

    async def invoke(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> bytes:
        """Return the result as JSON, or raise ``InvocationError``."""
        ...


@final
class FunctionUrl:
    """An ASGI application that answers as the function URL of ``settings`` would.

    ``log`` gets the function's name and one line for each call that AWS would
    refuse or answer with 502, with the reason that the wire does not tell. The server
    must leave forwarding headers alone (uvicorn: ``proxy_headers=False``), for the
    address of the caller is that of the socket.
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
        self._settings = settings
        self._gate = gate
        self._pool = pool
        self._clock = clock
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._answer(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case other:
                msg = f"a function URL does not speak {other}"
                raise NotImplementedError(msg)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = str(uuid.uuid4())
        origin = _header(scope, b"origin")
        cors = self._settings.cors
        own: Headers = (("x-amzn-requestid", request_id),)
        own += cors.headers(origin) if cors else ()
        if cors and origin and _is_preflight(scope):
            headers = cors.preflight_headers(origin)
            response = Response(status=200, headers=headers, body=b"")
        else:
            try:
                response = await self._respond(scope, receive, request_id)
            except DisconnectedError:
                return
        await _send(send, response, own, method=scope["method"])

    async def _respond(
        self, scope: Scope, receive: Receive, request_id: str
    ) -> Response:
        try:
            request = await read_request(scope, receive)
            payload = await self._invoke(request, scope, request_id)
            return shape(payload)
        except BodyTooLargeError:
            return answers.too_large()
        except RefusedError as error:
            self._note(scope, error.status, f"{error} {error.why}".rstrip())
            return answers.refused(error)
        except ThrottledError as error:
            self._note(scope, 429, str(error))
            return answers.throttled()
        except (InvocationError, MalformedResponseError) as error:
            self._note(scope, 502, f"{type(error).__name__}: {error}")
            return answers.failed()

    async def _invoke(self, request: Request, scope: Scope, request_id: str) -> bytes:
        source_ip: str = (scope.get("client") or ("127.0.0.1", 0))[0]
        caller = self._gate.admit(
            request,
            function_arn=self._settings.function_arn,
            auth_type=self._settings.auth_type,
            source_ip=source_ip,
        )
        arrival = Arrival(
            request=request,
            caller=caller,
            request_id=request_id,
            at=self._clock(),
            source_ip=source_ip,
            protocol=f"HTTP/{scope.get('http_version', '1.1')}",
        )
        event = build_event(arrival, self._settings)
        return await self._pool.invoke(event, request_id=request_id)

    def _note(self, scope: Scope, status: int, why: str) -> None:
        # Without the query, which in a presigned URL holds the signature.
        line = f"{scope['method']} {scope['path']!r} {status} {why}"
        self._log(self._settings.function_name, line)


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name.lower() == wanted:
            text: str = value.decode("latin-1")
            return text
    return None


def _is_preflight(scope: Scope) -> bool:
    asked = _header(scope, b"access-control-request-method")
    return scope["method"] == "OPTIONS" and asked is not None


async def _send(send: Send, response: Response, own: Headers, *, method: str) -> None:
    headers = [*own, *response.headers, ("content-length", str(len(response.body)))]
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in headers
            ],
        }
    )
    body = b"" if method == "HEAD" else response.body
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the server's start and end; the pool has an owner of its own."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
