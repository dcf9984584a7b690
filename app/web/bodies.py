"""Request bodies: bounded before anything reads them, strict where they are read."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from app import strict_json
from app.web.dependencies import authenticate
from app.web.problems import answer_plain

LARGEST: Final = 64 * 1024
"""Bytes. The largest honest body is a login of about two kilobytes."""

LONGEST: Final = 10.0
"""Seconds in which a body has to arrive."""

NOT_RECEIVED: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
)
"""What a request gets whose body no route is shown."""

UNREADABLE: Final = (
    *NOT_RECEIVED,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""What a request gets whose body is not what its route reads."""

_MOST_FIELDS: Final = 20
_MALFORMED_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BodyLimit:
    """Read the whole body first, counting, so that nothing inside can be flooded.

    A body that breaks off is nobody's request: nothing inside sees a part of it.
    """

    def __init__(self, app: ASGIApp, *, longest: float = LONGEST) -> None:
        self._app = app
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body: bytes | HTTPStatus
        try:
            async with asyncio.timeout(self._longest):
                body = await _read(receive)
        except TimeoutError:
            body = HTTPStatus.REQUEST_TIMEOUT
        except ClientDisconnect:
            return
        if isinstance(body, HTTPStatus):
            await answer_plain(scope, body)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


async def _read(receive: Receive) -> bytes | HTTPStatus:
    """Give the whole body, or the status of what cannot be read."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


class _StrictRequest(Request):
    """A request whose body has been read strictly; FastAPI asks it, not the wire."""

    read_body: Any = None

    @override
    async def json(self) -> Any:
        return self.read_body

    @override
    async def form(self, **_limits: Any) -> FormData:  # type: ignore[override] # FastAPI only awaits it
        return FormData(self.read_body)


class StrictRoute(APIRoute):
    """A route that reads one media type, strictly, and says so of any other.

    415 for another type, 400 for a body that is not what its type says.
    """

    reads: Callable[[bytes], Any]
    media_type: str

    @override
    def get_route_handler(
        self,
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def strict(request: Request) -> Response:
            await self.admit(request)
            read = _StrictRequest(request.scope, request.receive)
            body = await request.body()
            if body:
                self._check_type(request)
                read.read_body = type(self).reads(body)
            read._body = body  # noqa: SLF001 - as Starlette itself keeps it
            return await handle(read)

        return strict

    async def admit(self, request: Request) -> None:
        """Refuse whoever may not have a body read at all, before a byte of it is."""

    def _check_type(self, request: Request) -> None:
        given = request.headers.getlist("content-type")
        if len(given) != 1 or not _is(self.media_type, given[0]):
            raise HTTPException(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"The body has to be {self.media_type}, in UTF-8.",
            )


def _is(media_type: str, given: str) -> bool:
    name, _, parameters = given.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    return name.strip().lower() == media_type and charset in {"", "charset=utf-8"}


def _read_json(body: bytes) -> Any:  # noqa: ANN401 - JSON has no narrower type
    try:
        return strict_json.loads(body)
    except strict_json.NotStrictJSONError as error:
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, f"The body cannot be read: {error}."
        ) from error


def _read_form(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode("ascii")
        if _MALFORMED_ESCAPE.search(text):
            raise _not_a_form("a % is not followed by two hexadecimal digits")
        fields = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except UnicodeError as error:
        raise _not_a_form("it is not percent-encoded UTF-8") from error
    except ValueError as error:
        raise _not_a_form(f"it has more than {_MOST_FIELDS} fields") from error
    if len({name for name, _ in fields}) != len(fields):
        raise _not_a_form("a field is there twice")
    return fields


def _not_a_form(why: str) -> HTTPException:
    return HTTPException(HTTPStatus.BAD_REQUEST, f"The body cannot be read: {why}.")


class JsonRoute(StrictRoute):
    """JSON is read from people the broker knows, and from nobody else."""

    reads = staticmethod(_read_json)
    media_type = "application/json"

    @override
    async def admit(self, request: Request) -> None:
        await authenticate(request)


class FormRoute(StrictRoute):
    reads = staticmethod(_read_form)
    media_type = "application/x-www-form-urlencoded"
