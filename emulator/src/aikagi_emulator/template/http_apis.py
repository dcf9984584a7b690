"""What the resolved template says of an HTTP API: routes, stages and CORS.

SAM writes it as an OpenAPI document with API Gateway's extensions, and CloudFormation
also as resources of its own:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aikagi_emulator.template.scalars import as_text
from aikagi_emulator.template.stack import Resource, Stack, TemplateError

DEFAULT: Final = "$default"
"""The route that takes what no other does, and the stage that is in no path."""

_ANY_METHOD: Final = "x-amazon-apigateway-any-method"
_INTEGRATION: Final = "x-amazon-apigateway-integration"
_CORS: Final = "x-amazon-apigateway-cors"
_METHODS: Final = ("delete", "get", "head", "options", "patch", "post", "put")
_SHORTEST_TIMEOUT, _LONGEST_TIMEOUT = 50, 30_000
"""Milliseconds, of which an integration has the most that says nothing.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""
_LAMBDA: Final = re.compile(
    r"(?:arn:[^:]+:apigateway:[^:]+:lambda:path/2015-03-31/functions/)?"
    r"(arn:[^:]+:lambda:[^:/]+:[0-9]+:function:[^:/]+(?::[^:/]+)?)(?:/invocations)?"
)
_KNOWN: Final = frozenset(
    {
        "connectionType",
        "description",
        "httpMethod",
        "passthroughBehavior",
        "payloadFormatVersion",
        "timeoutInMillis",
        "type",
        "uri",
    }
)
"""Of an integration. Anything else would change what arrives or who calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """One route. ``key`` is like ``GET /items/{id}``, with ``ANY``, or ``$default``.

    ``function_arn`` has the qualifier, if any. ``authorizers`` are the names of those
    that protect it, ``payload_format`` is ``1.0`` or ``2.0``. ``written`` names the
    route for its author.
    """

    key: str
    written: str
    function_arn: str
    payload_format: str
    timeout_seconds: float
    authorizers: tuple[str, ...] = ()


def functions_of(properties: Mapping[str, Any]) -> frozenset[str]:
    """The ARNs of the functions that an ``AWS::ApiGatewayV2::Api`` leads to."""
    uris = [
        _mapping(operation.get(_INTEGRATION, {})).get("uri")
        for _, operation in _operations(properties.get("Body", {}))
    ]
    found = [_LAMBDA.fullmatch(str(uri)) for uri in [*uris, properties.get("Target")]]
    return frozenset(match[1] for match in found if match)


def routes_of(stack: Stack, api: Resource) -> tuple[HttpRoute, ...]:
    """The routes of an ``AWS::ApiGatewayV2::Api``.

    Raises ``TemplateError`` for what a route asks and is not modelled.
    """
    body = api.properties.get("Body", {})
    if "BodyS3Location" in api.properties:
        msg = (
            f"{api.written}: its definition stands elsewhere; the emulator reads one "
            "that is in the template (DefinitionBody)"
        )
        raise TemplateError(msg)
    written = [
        _from_operation(api, key, operation, body)
        for key, operation in _operations(body)
    ]
    return (*written, *_quick(api), *_from_resources(stack, api))


def stages_of(stack: Stack, api: Resource) -> Mapping[str, Mapping[str, str]]:
    """The names of its stages, each with its variables."""
    found = {
        stage.ref: {
            name: as_text(value)
            for name, value in (stage.properties.get("StageVariables") or {}).items()
        }
        for stage in stack.of_type("AWS::ApiGatewayV2::Stage")
        if stage.properties.get("ApiId") == api.ref
    }
    # An API with a Target is made with a stage.
    return {DEFAULT: {}, **found} if "Target" in api.properties else found


def cors_of(api: Resource) -> Mapping[str, Any] | None:
    """Its CORS configuration, with CloudFormation's names (``AllowOrigins``)."""
    configured = api.properties.get("CorsConfiguration")
    if configured is not None:
        return dict(configured)
    written = api.properties.get("Body", {}).get(_CORS)
    if written is None:
        return None
    return {_capital(name): value for name, value in written.items()}


def _operations(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in _mapping(_mapping(body).get("paths", {})).items():
        for name, operation in _mapping(item).items():
            if path == DEFAULT:
                yield DEFAULT, _mapping(operation)
            elif name == _ANY_METHOD:
                yield f"ANY {path}", _mapping(operation)
            elif name.lower() in _METHODS:
                yield f"{name.upper()} {path}", _mapping(operation)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        msg = "its definition is not an OpenAPI document"
        raise TemplateError(msg)
    return value


def _from_operation(
    api: Resource, key: str, operation: Mapping[str, Any], body: Mapping[str, Any]
) -> HttpRoute:
    integration = _mapping(operation.get(_INTEGRATION, {}))
    where = f"{api.written}: its route {key}"
    kind = str(integration.get("type", "")).lower()
    leads = _LAMBDA.fullmatch(str(integration.get("uri")))
    if kind != "aws_proxy" or leads is None:
        msg = f"{where} leads to no function; the emulator models type aws_proxy"
        raise TemplateError(msg)
    _refuse_unknown(where, integration.keys() - _KNOWN)
    security = operation.get("security", body.get("security", []))
    return HttpRoute(
        key=key,
        written=where,
        function_arn=leads[1],
        payload_format=as_text(integration.get("payloadFormatVersion", "1.0")),
        timeout_seconds=_timeout(where, integration.get("timeoutInMillis")),
        authorizers=tuple(
            name for entry in security for name in entry if name != "NONE"
        ),
    )


def _quick(api: Resource) -> Iterator[HttpRoute]:
    """The route of an API that was made with a ``Target``: quick create."""
    if "Target" not in api.properties:
        return
    leads = _LAMBDA.fullmatch(as_text(api.properties["Target"]))
    if leads is None or "CredentialsArn" in api.properties:
        msg = f"{api.written}: the emulator models a Target that is a function, alone"
        raise TemplateError(msg)
    yield HttpRoute(
        key=as_text(api.properties.get("RouteKey", DEFAULT)),
        written=api.written,
        function_arn=leads[1],
        payload_format="2.0",
        timeout_seconds=_timeout(api.written, None),
    )


def _from_resources(stack: Stack, api: Resource) -> Iterator[HttpRoute]:
    integrations = {
        integration.ref: integration
        for integration in stack.of_type("AWS::ApiGatewayV2::Integration")
        if integration.properties.get("ApiId") == api.ref
    }
    for route in stack.of_type("AWS::ApiGatewayV2::Route"):
        if route.properties.get("ApiId") != api.ref:
            continue
        target = as_text(route.properties.get("Target", ""))
        integration = integrations.get(target.removeprefix("integrations/"))
        if integration is None:
            msg = f"{route.written}: its Target is no integration of {api.written}"
            raise TemplateError(msg)
        yield _from_resource(route, integration)


def _from_resource(route: Resource, integration: Resource) -> HttpRoute:
    properties = {
        f"{name[:1].lower()}{name[1:]}": value
        for name, value in integration.properties.items()
    }
    where = integration.written
    leads = _LAMBDA.fullmatch(str(properties.get("integrationUri")))
    if properties.get("integrationType") != "AWS_PROXY" or leads is None:
        msg = f"{where} leads to no function; the emulator models AWS_PROXY"
        raise TemplateError(msg)
    known = _KNOWN | {"apiId", "integrationMethod", "integrationType", "integrationUri"}
    _refuse_unknown(where, {_capital(name) for name in properties.keys() - known})
    key = as_text(route.properties.get("RouteKey"))
    authorization = as_text(route.properties.get("AuthorizationType", "NONE"))
    return HttpRoute(
        key=key,
        written=f"{route.written}: its RouteKey {key}",
        function_arn=leads[1],
        payload_format=as_text(properties.get("payloadFormatVersion", "1.0")),
        timeout_seconds=_timeout(where, properties.get("timeoutInMillis")),
        authorizers=() if authorization == "NONE" else (authorization,),
    )


def _refuse_unknown(where: str, unknown: set[str]) -> None:
    if unknown:
        names = ", ".join(sorted(unknown))
        msg = f"{where} has {names}, which the emulator does not model"
        raise TemplateError(msg)


def _capital(name: str) -> str:
    """A name of OpenAPI's extensions as CloudFormation writes it."""
    return f"{name[:1].upper()}{name[1:]}"


def _timeout(where: str, milliseconds: object) -> float:
    if milliseconds is None:
        return _LONGEST_TIMEOUT / 1000
    text = as_text(milliseconds)
    if not text.isdecimal() or not _SHORTEST_TIMEOUT <= int(text) <= _LONGEST_TIMEOUT:
        msg = (
            f"{where}: its timeout is {text}, and not between {_SHORTEST_TIMEOUT} and "
            f"{_LONGEST_TIMEOUT} milliseconds"
        )
        raise TemplateError(msg)
    return int(text) / 1000
