"""An HTTP API of API Gateway."""

import asyncio
import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, final
from urllib.parse import unquote, urlsplit

from aikagi_emulator.http_api.answers import answer
from aikagi_emulator.http_api.routes import Chosen, Route, choose
from aikagi_emulator.runtime import InvocationError, ThrottledError
from aikagi_emulator.urls import Cors
from aikagi_emulator.urls.asgi import Receive, Scope, Send, serve
from aikagi_emulator.urls.cors import Headers
from aikagi_emulator.urls.payload import Arrival, Destination, payload
from aikagi_emulator.urls.request import (
    LARGEST_BODY,
    BodyTooLargeError,
    DisconnectedError,
    header,
    is_preflight,
    read_request,
)
from aikagi_emulator.urls.response import MalformedResponseError, Response, shape
from aikagi_emulator.urls.sending import send_whole

LARGEST_REQUEST: Final = 10_485_760
"""Bytes of a body: the 10 MB of API Gateway. An event has Lambda's 6 MB.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""
_DEFAULT_STAGE: Final = "$default"
_PLAIN: Final = "text/plain; charset=utf-8"
"""Of a result with a ``statusCode`` and without a content type. AWS's pages do not say
so, but https://github.com/aws/aws-lambda-dotnet, whose tests look at AWS, does."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApiSettings:
    """What the template says of an HTTP API.

    ``origin`` is where this stack answers for it. ``stages`` leads from their names to
    their variables: one that is not ``$default`` begins the path of its requests.
    """

    name: str
    api_id: str
    account_id: str
    origin: str
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    cors: Cors | None = None


@final
class HttpApi:
    """An ASGI application that answers as the HTTP API of ``settings`` would.

    ``log`` gets the name of a function, or of the API where no route was found, and
    one line for each request that the API answers by itself, with the reason.
    """

    def __init__(
        self,
        settings: HttpApiSettings,
        *,
        routes: tuple[Route, ...],
        clock: Callable[[], datetime],
        log: Callable[[str, str], None],
    ) -> None:
        self._settings = settings
        self._routes = routes
        self._clock = clock
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await serve(self._answer, scope, receive, send, name="an HTTP API")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        # As API Gateway's ids look: RFC 4648, and no UUID.
        request_id = base64.b64encode(secrets.token_bytes(11)).decode()
        origin = header(scope, b"origin")
        cors = self._settings.cors
        own: Headers = (("apigw-requestid", request_id),)
        if cors and origin and is_preflight(scope):
            headers = cors.preflight_headers(origin)
            response = Response(status=HTTPStatus.NO_CONTENT, headers=headers, body=b"")
        else:
            try:
                response = await self._respond(scope, receive, request_id)
            except DisconnectedError:
                return
            if cors:
                # What a function says of CORS counts for nothing beside that:
                # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
                response = _without_cors(response)
        own += cors.headers(origin) if cors else ()
        await send_whole(send, response, own, method=scope["method"])

    async def _respond(
        self, scope: Scope, receive: Receive, request_id: str
    ) -> Response:
        try:
            request = await read_request(scope, receive, largest=LARGEST_REQUEST)
        except BodyTooLargeError:
            return answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        stage, path = self._stage_of(request.raw_path)
        chosen = choose(self._routes, request.method, path) if stage else None
        if stage is None or chosen is None:
            missing = "stage" if stage is None else "route"
            self._note(self._settings.name, scope, 404, f"it has no such {missing}")
            return answer(HTTPStatus.NOT_FOUND)
        arrival = Arrival.of(request, scope, request_id=request_id, at=self._clock())
        event = self._event(arrival, chosen, stage)
        if len(event.get("body", "")) > LARGEST_BODY:
            return answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return await self._invoke(chosen.route, stage, event, scope)

    async def _invoke(
        self, route: Route, stage: str, event: Mapping[str, Any], scope: Scope
    ) -> Response:
        if stage not in route.permitted_stages:
            why = (
                "no AWS::Lambda::Permission lets apigateway.amazonaws.com call it for "
                f"the route {route.key.text} of the stage {stage}"
            )
            self._note(route.function_name, scope, 500, why)
            return answer(HTTPStatus.INTERNAL_SERVER_ERROR)
        try:
            async with asyncio.timeout(route.timeout_seconds):
                result = await route.function.invoke(event)
            return shape(result, content_type=_PLAIN)
        except TimeoutError:
            why = f"no answer within {route.timeout_seconds:g} seconds"
            self._note(route.function_name, scope, 503, why)
            return answer(HTTPStatus.SERVICE_UNAVAILABLE)
        except ThrottledError as error:
            self._note(route.function_name, scope, 503, str(error))
            return answer(HTTPStatus.SERVICE_UNAVAILABLE)
        except (InvocationError, MalformedResponseError) as error:
            why = f"{type(error).__name__}: {error}"
            self._note(route.function_name, scope, 500, why)
            return answer(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _stage_of(self, raw_path: str) -> tuple[str | None, str]:
        """The stage, and the path without it; no stage where the API has none such."""
        first, slash, rest = raw_path.removeprefix("/").partition("/")
        if unquote(first) in self._settings.stages.keys() - {_DEFAULT_STAGE}:
            return unquote(first), f"/{rest}" if slash else "/"
        default = _DEFAULT_STAGE if _DEFAULT_STAGE in self._settings.stages else None
        return default, raw_path

    def _event(self, arrival: Arrival, chosen: Chosen, stage: str) -> dict[str, Any]:
        parts = urlsplit(self._settings.origin)
        destination = Destination(
            account_id=self._settings.account_id,
            api_id=self._settings.api_id,
            # Unlike a function URL's it is decoded, and begins with the stage.
            path=unquote(arrival.request.raw_path, errors="replace"),
            port=parts.port or 80,
            route_key=chosen.route.key.text,
            scheme=parts.scheme,
            stage=stage,
        )
        event = payload(arrival, destination)
        if chosen.parameters:
            event["pathParameters"] = dict(chosen.parameters)
        if variables := self._settings.stages[stage]:
            event["stageVariables"] = dict(variables)
        return event

    def _note(self, name: str, scope: Scope, status: int, why: str) -> None:
        self._log(name, f"{scope['method']} {scope['path']!r} {status} {why}")


def _without_cors(response: Response) -> Response:
    kept = tuple(
        (name, value)
        for name, value in response.headers
        if not name.startswith("access-control-")
    )
    return replace(response, headers=kept)
