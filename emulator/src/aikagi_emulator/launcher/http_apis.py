"""The template's HTTP APIs: what is served of them, and what stops the start."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, final

from aikagi_emulator.aws import api_may_invoke
from aikagi_emulator.http_api import ANY, HttpApiSettings, RouteError, RouteKey
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.functions import function_of
from aikagi_emulator.launcher.ports import Ports, origin
from aikagi_emulator.template import EventSource, Resource, Stack
from aikagi_emulator.template.http_apis import (
    DEFAULT,
    HttpRoute,
    cors_of,
    routes_of,
    stages_of,
)
from aikagi_emulator.urls import Cors

_log: Final = logging.getLogger(__name__)

_Stages: TypeAlias = Mapping[str, Mapping[str, str]]

_PAYLOAD_FORMAT: Final = "2.0"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePlan:
    """A route to a function of the template. ``written`` names it for its author."""

    key: RouteKey
    function: Resource
    function_arn: str
    permitted_stages: frozenset[str]
    timeout_seconds: float
    written: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApiPlan:
    """An HTTP API of which something is served, on its port."""

    port: int
    routes: tuple[RoutePlan, ...]
    settings: HttpApiSettings

    @property
    def url(self) -> str:
        """Where it answers: with the stage, where that is in the path."""
        first = next(iter(self.settings.stages), DEFAULT)
        stage = "" if DEFAULT in self.settings.stages else f"{first}/"
        return f"{self.settings.origin}/{stage}"

    @property
    def example(self) -> str:
        """A line for a shell: the first route, its variables as they stand."""
        key = self.routes[0].key
        method = "GET" if key.method == ANY else key.method
        return f"curl -X {method} '{self.url}{'/'.join(key.segments)}'"


def plan_http_apis(
    stack: Stack,
    *,
    ports: Ports,
    served: str | None = None,
    on_first_port: str | None = None,
) -> list[HttpApiPlan]:
    """All that have a route to another function than ``served``.

    That one, by its logical id, is served by itself already. The API that leads to the
    function ``on_first_port`` answers there. Raises ``LaunchError`` or
    ``TemplateError`` for what decides about access and is not modelled, and where no
    API, or more than one, would be on the first port.
    """
    plans: list[HttpApiPlan] = []
    for index, api in enumerate(stack.of_type("AWS::ApiGatewayV2::Api")):
        stages = stages_of(stack, api)
        routes = [_leading(stack, api, route) for route in routes_of(stack, api)]
        planned = tuple(
            _route(stack, api, route, function, stages)
            for route, function in routes
            if function.logical_id != served
        )
        if planned:
            called = {route.function.logical_id for route in planned}
            is_first = on_first_port in called
            port = ports.first if is_first else ports.http_api(index)
            settings = _settings(stack, api, stages, origin(port))
            plans.append(HttpApiPlan(port=port, routes=planned, settings=settings))
        if planned and len(planned) < len(routes):
            _log.info(
                "%s: its routes to %s are answered by that application alone",
                api.written,
                served,
            )
    if on_first_port is not None:
        _require_one(plans, on_first_port, ports)
    return plans


def _require_one(plans: Sequence[HttpApiPlan], function: str, ports: Ports) -> None:
    apis = [plan.settings.name for plan in plans if plan.port == ports.first]
    if len(apis) != 1:
        found = f"{' and '.join(apis)} do" if apis else "none does"
        msg = (
            f"As it was built, the project's application, {function}, answers behind "
            f"the one HTTP API that leads to it, and {found}."
        )
        raise LaunchError(msg)


def _settings(stack: Stack, api: Resource, stages: _Stages, at: str) -> HttpApiSettings:
    configured = cors_of(api)
    try:
        cors = None if configured is None else Cors.of_http_api(configured)
    except ValueError as error:
        msg = f"{api.written}: {error}."
        raise LaunchError(msg) from error
    return HttpApiSettings(
        name=api.logical_id,
        api_id=api.ref,
        account_id=stack.account,
        origin=at,
        stages=stages,
        cors=cors,
    )


def _leading(
    stack: Stack, api: Resource, route: HttpRoute
) -> tuple[HttpRoute, Resource]:
    """A route that anybody may take, named for its author, and its function."""
    function = function_of(stack, route.function_arn)
    if function is None:
        msg = (
            f"{route.written} leads to {route.function_arn}, which the template lacks."
        )
        raise LaunchError(msg)
    route = replace(route, written=_written(stack, api, route, function))
    if route.authorizers:
        msg = (
            f"{route.written} is protected by {', '.join(route.authorizers)} (Auth), "
            "and the emulator models no authorization of HTTP APIs. A function URL "
            "with AuthType: AWS_IAM is protected here as on AWS."
        )
        raise LaunchError(msg)
    return route, function


def _route(
    stack: Stack, api: Resource, route: HttpRoute, function: Resource, stages: _Stages
) -> RoutePlan:
    if route.payload_format != _PAYLOAD_FORMAT:
        msg = (
            f"{route.written} has PayloadFormatVersion {route.payload_format}; the "
            f"emulator models {_PAYLOAD_FORMAT}."
        )
        raise LaunchError(msg)
    try:
        key = RouteKey.parse(route.key)
    except RouteError as error:
        msg = f"{route.written}: {error}."
        raise LaunchError(msg) from error
    return RoutePlan(
        key=key,
        function=function,
        function_arn=route.function_arn,
        permitted_stages=frozenset(
            stage
            for stage in stages
            if api_may_invoke(
                stack, route.function_arn, source=f"{api.ref}/{stage}/{key.source}"
            )
        ),
        timeout_seconds=route.timeout_seconds,
        written=route.written,
    )


def _written(stack: Stack, api: Resource, route: HttpRoute, function: Resource) -> str:
    """Name a route by its event, where it is one, and else by its API."""
    for event in stack.events:
        if (event.function, event.api, _key(event)) == (
            function.logical_id,
            api.logical_id,
            route.key,
        ):
            return event.written
    return route.written


def _key(event: EventSource) -> str:
    if event.type != "HttpApi":
        return ""
    properties: Mapping[str, object] = event.properties
    if "Path" not in properties:
        return DEFAULT
    return f"{str(properties.get('Method', 'ANY')).upper()} {properties['Path']}"
