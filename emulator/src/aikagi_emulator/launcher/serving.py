"""All of a stack that answers and is not AWS: function URLs and HTTP APIs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import final

from aikagi_emulator.aws import AwsEndpoint
from aikagi_emulator.http_api import HttpApi, Route
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.function_urls import settings_of, target_of
from aikagi_emulator.launcher.functions import FunctionPlan, log_line, plan_function
from aikagi_emulator.launcher.http_apis import HttpApiPlan, plan_http_apis
from aikagi_emulator.launcher.packages import Packages
from aikagi_emulator.launcher.ports import Ports
from aikagi_emulator.runtime import FunctionSpec, Pool
from aikagi_emulator.template import Resource, Stack
from aikagi_emulator.urls import FunctionUrl, UrlSettings
from aikagi_emulator.urls.asgi import ASGIApp


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ServingPlan:
    """Everything that answers. ``functions`` are by the ARNs that are called."""

    functions: dict[str, FunctionPlan]
    urls: Sequence[UrlSettings]
    http_apis: Sequence[HttpApiPlan]

    @property
    def ports(self) -> Sequence[int]:
        """Of the function URLs, and then of the HTTP APIs."""
        return [url.port for url in self.urls] + [api.port for api in self.http_apis]

    async def equip(
        self, packages: Packages, stack: Stack
    ) -> Mapping[str, FunctionSpec]:
        """Install what the functions name; return them with it, by their ARNs.

        Raises ``LaunchError``.
        """
        return {
            arn: await packages.equip(function.spec, stack)
            for arn, function in self.functions.items()
        }


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFunction:
    """A function that can be called. ``spec`` and ``code`` are its plan's."""

    spec: FunctionSpec
    code: Sequence[Path]
    pool: Pool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An application, ready to be served on its port, and the functions behind it."""

    port: int
    application: ASGIApp
    functions: Sequence[ServedFunction]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPlan:
    """The function that is the project's application, by its logical id.

    A server of its own runs it, or, ``as_built``, Lambda's runtime, behind an HTTP API
    on the application's port. ``variables`` are those that the project gives it.
    """

    function: str
    as_built: bool
    variables: Mapping[str, str] = field(repr=False)


def make_plan(
    stack: Stack,
    aws: AwsEndpoint,
    *,
    ports: Ports,
    application: ApplicationPlan | None,
) -> ServingPlan:
    """Everything about the functions that can be wrong, and nothing that runs.

    Raises ``LaunchError`` or ``TemplateError``.
    """
    as_built = application.function if application and application.as_built else None

    def planned(function: Resource, arn: str) -> FunctionPlan:
        plan = plan_function(stack, function, aws, arn=arn, ports=ports)
        if application is None or function.logical_id != as_built:
            return plan
        return plan.with_variables(application.variables)

    functions: dict[str, FunctionPlan] = {}
    urls = []
    for url in stack.of_type("AWS::Lambda::Url"):
        arn = str(url.attributes["FunctionArn"])
        function = target_of(stack, url)
        functions[arn] = plan = planned(function, arn)
        urls.append(settings_of(url, streams=plan.streams))
    apis = plan_http_apis(
        stack,
        ports=ports,
        served=application.function if application and not as_built else None,
        on_first_port=as_built,
    )
    for route in (route for api in apis for route in api.routes):
        arn = route.function_arn
        if arn not in functions:
            functions[arn] = planned(route.function, arn)
        if functions[arn].streams:
            msg = (
                f"{route.written} leads to a function with AWS_LWA_INVOKE_MODE "
                "response_stream, which an HTTP API cannot pass on: use a function URL "
                "with InvokeMode: RESPONSE_STREAM."
            )
            raise LaunchError(msg)
    return ServingPlan(functions=functions, urls=urls, http_apis=apis)


async def serve(
    plan: ServingPlan,
    stack: Stack,
    aws: AwsEndpoint,
    *,
    packages: Packages,
    clock: Callable[[], datetime],
) -> list[Served]:
    """Function URLs in the template's order, then HTTP APIs.

    A function has one pool, whatever calls it. Raises ``LaunchError`` where packages
    cannot be installed.
    """
    specs = await plan.equip(packages, stack)
    # All are equipped before the first is made: a pool has a thread.
    functions = {
        arn: ServedFunction(
            spec=made.spec, code=made.code, pool=made.pool(specs[arn], clock=clock)
        )
        for arn, made in plan.functions.items()
    }
    gate = aws.gate()
    served = []
    for settings in plan.urls:
        function = functions[settings.function_arn]
        url = FunctionUrl(
            settings, gate=gate, pool=function.pool, clock=clock, log=log_line
        )
        served.append(Served(port=settings.port, application=url, functions=[function]))
    for api in plan.http_apis:
        routes = tuple(
            Route(
                key=route.key,
                function=functions[route.function_arn].pool,
                function_name=route.function.ref,
                permitted_stages=route.permitted_stages,
                timeout_seconds=route.timeout_seconds,
            )
            for route in api.routes
        )
        answering = HttpApi(api.settings, routes=routes, clock=clock, log=log_line)
        called = dict.fromkeys(route.function_arn for route in api.routes)
        served.append(
            Served(
                port=api.port,
                application=answering,
                functions=[functions[arn] for arn in called],
            )
        )
    return served
