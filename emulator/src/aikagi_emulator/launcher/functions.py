"""The template's functions, as far as something may call them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, final

from aikagi_emulator.aws import AwsEndpoint
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import Ports
from aikagi_emulator.launcher.sessions import session_variables
from aikagi_emulator.runtime import FunctionSpec, Pool
from aikagi_emulator.template import Resource, Stack

_log: Final = logging.getLogger("function")

_MOST: Final = 10
"""Environments of one function, unless the template reserves fewer."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionPlan:
    """A function, or a version or an alias of one, and all that is needed to run it.

    ``spec`` is as the template has it, without packages, and ``code`` are the folders
    that its code stands in, those of its layers too.
    """

    spec: FunctionSpec
    credentials: Callable[[], Mapping[str, str]]
    code: Sequence[Path]

    @property
    def streams(self) -> bool:
        return self.spec.web is not None and self.spec.web.streams

    def with_variables(self, variables: Mapping[str, str]) -> "FunctionPlan":
        """Add some to the template's. Raises ``LaunchError`` for those of Lambda."""
        try:
            spec = replace(self.spec, variables={**self.spec.variables, **variables})
        except ValueError as error:
            msg = f"{error}, nor a project."
            raise LaunchError(msg) from error
        return replace(self, spec=spec)

    def pool(self, equipped: FunctionSpec, *, clock: Callable[[], datetime]) -> Pool:
        """Return one that runs ``equipped``: the spec, with packages.

        No environment is started before the first call.
        """
        return Pool(equipped, credentials=self.credentials, clock=clock, log=log_line)


def plan_function(
    stack: Stack, function: Resource, aws: AwsEndpoint, *, arn: str, ports: Ports
) -> FunctionPlan:
    """Plan what runs when ``arn`` is called, which has the qualifier, if any.

    Raises ``LaunchError`` or ``TemplateError`` for a function that Lambda would not run
    either.
    """
    return FunctionPlan(
        spec=_spec(stack, function, arn=arn),
        credentials=_Credentials(aws, function, stack.region, ports),
        code=_folders(stack, function),
    )


def function_of(stack: Stack, arn: str) -> Resource | None:
    """The template's function of an ARN, which may be one of a version or an alias."""
    own = ":".join(arn.split(":")[:7])
    for function in stack.of_type("AWS::Lambda::Function"):
        if function.attributes["Arn"] == own:
            return function
    return None


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


def log_line(name: str, line: str) -> None:
    """Log a line that a function wrote, or that is about one."""
    _log.info("%s: %s", name, line)


def _folders(stack: Stack, function: Resource) -> Sequence[Path]:
    layers = function.properties.get("Layers", ())
    return [
        stack.code[function.ref],
        *(stack.layers[layer] for layer in layers if layer in stack.layers),
    ]


def _spec(stack: Stack, function: Resource, *, arn: str) -> FunctionSpec:
    properties = function.properties
    layers = tuple(str(layer) for layer in properties.get("Layers", ()))
    reserved = properties.get("ReservedConcurrentExecutions", _MOST)
    try:
        return FunctionSpec(
            name=function.ref,
            arn=arn,
            folder=stack.code[function.ref],
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
