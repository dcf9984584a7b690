"""Request methods (RFC 9110, section 9): HEAD wherever GET is, and a true ``Allow``."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""Those a route may name: HEAD follows from GET, and OPTIONS is CORS's."""


class HeadAsGet:
    """Answer HEAD as GET, with its headers and without its body (section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)


class AllowHeader:
    """List in every 405 the methods that its path does have (section 10.2.1).

    Starlette lists those of the first route of that path, in any order.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_methods(message: Message) -> None:
            if message.get("status") == HTTPStatus.METHOD_NOT_ALLOWED:
                MutableHeaders(scope=message)["Allow"] = ", ".join(_methods_at(scope))
            await send(message)

        await self._app(scope, receive, send_with_methods)


def _methods_at(scope: Scope) -> list[str]:
    routes: list[BaseRoute] = scope["app"].routes
    found = [
        method
        for method in _METHODS
        if any(_is_for(route, {**scope, "method": method}) for route in routes)
    ]
    return ["GET", "HEAD", *found[1:]] if "GET" in found else found


def _is_for(route: BaseRoute, scope: Scope) -> bool:
    return route.matches(scope)[0] is Match.FULL
