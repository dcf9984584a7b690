"""The template's functions behind their URLs."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, final

from aikagi_emulator.aws import AwsEndpoint
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.packages import Packages
from aikagi_emulator.launcher.ports import Ports
from aikagi_emulator.launcher.sessions import session_variables
from aikagi_emulator.runtime import FunctionSpec, Pool
from aikagi_emulator.template import Resource, Stack
from aikagi_emulator.urls import FunctionUrl, UrlError, UrlSettings, check_modes

_log: Final = logging.getLogger("function")

_MOST: Final = 10
"""Environments of one function, unless the template reserves fewer."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A function URL, ready to be served on its port.

    ``spec`` is the function as the template has it, without packages.
    """

    port: int
    application: FunctionUrl
    pool: Pool
    spec: FunctionSpec


async def serve_all(
    stack: Stack,
    aws: AwsEndpoint,
    *,
    ports: Ports,
    clock: Callable[[], datetime],
    packages: Packages,
) -> list[Served]:
    """One per ``AWS::Lambda::Url``, in the template's order.

    No environment is started before the first call. Raises ``LaunchError`` or
    ``TemplateError`` for a function that Lambda would not run either.
    """
    gate = aws.gate()
    served = []
    plans = plan_all(stack, aws, ports=ports)
    specs = [await packages.equip(plan.spec, stack) for plan in plans]
    # All are planned before the first is made: a pool has a thread.
    for index, (plan, spec) in enumerate(zip(plans, specs, strict=True)):
        pool = Pool(spec, credentials=plan.credentials, clock=clock, log=_line)
        application = FunctionUrl(
            plan.settings, gate=gate, pool=pool, clock=clock, log=_line
        )
        port = ports.function(index)
        served.append(
            Served(port=port, application=application, pool=pool, spec=plan.spec)
        )
    return served


def plan_all(stack: Stack, aws: AwsEndpoint, *, ports: Ports) -> list["_Plan"]:
    """Everything about the functions that can be wrong, and nothing that runs.

    Raises ``LaunchError`` or ``TemplateError``.
    """
    plans = []
    for url in stack.of_type("AWS::Lambda::Url"):
        function = target_of(stack, url)
        spec = _spec(stack, function, arn=str(url.attributes["FunctionArn"]))
        settings = _settings(url)
        try:
            check_modes(settings, streams=spec.web is not None and spec.web.streams)
        except UrlError as error:
            msg = f"{url.written}: {error}."
            raise LaunchError(msg) from error
        credentials = _Credentials(aws, function, stack.region, ports)
        plans.append(_Plan(spec=spec, settings=settings, credentials=credentials))
    return plans


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    spec: FunctionSpec
    settings: UrlSettings
    credentials: "_Credentials"


@final
class _Credentials:
    """A session of the function's own role for each of its environments."""

    def __init__(
        self, aws: AwsEndpoint, function: Resource, region: str, ports: Ports
    ) -> None:
        self._aws = aws
        self._role = str(function.properties["Role"])
        self._name = function.ref
        self._region = region
        self._ports = ports
        # Lambda checks the role when a function is made, not when it is called.
        self()

    def __call__(self) -> Mapping[str, str]:
        session = self._aws.function_session(self._role, self._name)
        return session_variables(session, region=self._region, ports=self._ports)


def _line(name: str, line: str) -> None:
    _log.info("%s: %s", name, line)


def target_of(stack: Stack, url: Resource) -> Resource:
    # A URL may be one of a version or an alias.
    arn = ":".join(str(url.attributes["FunctionArn"]).split(":")[:7])
    for function in stack.of_type("AWS::Lambda::Function"):
        if function.attributes["Arn"] == arn:
            return function
    msg = f"{url.written} is the URL of {arn}, which the template lacks."
    raise LaunchError(msg)


def _spec(stack: Stack, function: Resource, *, arn: str) -> FunctionSpec:
    properties = function.properties
    layers = tuple(str(layer) for layer in properties.get("Layers", ()))
    reserved = properties.get("ReservedConcurrentExecutions", _MOST)
    try:
        return FunctionSpec(
            name=function.ref,
            arn=arn,
            folder=stack.code[function.logical_id],
            handler=properties["Handler"],
            timeout_seconds=int(properties.get("Timeout", 3)),
            memory_mb=int(properties.get("MemorySize", 128)),
            variables=variables_of(function),
            concurrency=min(_MOST, int(reserved)),
            layers=layers,
            layer_folders=tuple(
                stack.layers[layer] for layer in layers if layer in stack.layers
            ),
            # One version is published, by whatever name it is called.
            version="$LATEST" if arn == function.attributes["Arn"] else "1",
        )
    except KeyError as error:
        msg = f"{function.logical_id} has no {error.args[0]}."
        raise LaunchError(msg) from error
    except ValueError as error:
        msg = f"{function.logical_id}: {error}."
        raise LaunchError(msg) from error


def variables_of(function: Resource) -> dict[str, str]:
    """The environment that the template gives a function."""
    variables: Mapping[str, Any] = function.properties.get("Environment", {}).get(
        "Variables", {}
    )
    return {name: str(value) for name, value in variables.items()}


def _settings(url: Resource) -> UrlSettings:
    # The template may name the function; from here on its ARN is what counts.
    properties = {**url.properties, "TargetFunctionArn": url.attributes["FunctionArn"]}
    try:
        return UrlSettings.from_properties(
            properties, url=str(url.attributes["FunctionUrl"])
        )
    except UrlError as error:
        msg = f"{url.written}: {error}."
        raise LaunchError(msg) from error
