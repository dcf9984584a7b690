"""The templates of a project: its own, and those of the stacks beside it."""

from collections.abc import Mapping
from pathlib import Path

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import Ports, origin
from aikagi_emulator.launcher.project import Project
from aikagi_emulator.template import (
    Addresses,
    Stack,
    TemplateError,
    declared_parameters,
    load,
)


def read_templates(project: Project, ports: Ports) -> Stack:
    """Load them all, as the resources of one account; the project's own come first.

    A parameter of a stack beside it has the value of the project's output of the same
    name, or of its parameter, and else its default. Blocks for a second the first time.
    Raises ``TemplateError`` for the project's template and ``LaunchError``, which names
    the template, for another.
    """
    application = project.application
    stack = load(
        project.template,
        addresses=_addresses(
            ports,
            applications={application.function: origin(ports.first)}
            if application
            else {},
        ),
        parameters=project.parameters,
    )
    given = {**project.parameters, **stack.outputs}
    for name, template in project.stacks.items():
        try:
            other = _beside(stack, name, template, given, ports)
            stack = stack.with_stack(other)
        except TemplateError as error:
            msg = f"{template}, the stack {name}: {error}"
            raise LaunchError(msg) from error
    return stack


def _beside(
    stack: Stack, name: str, template: Path, given: Mapping[str, str], ports: Ports
) -> Stack:
    if name == stack.name:
        msg = "the project's own stack has this name"
        raise TemplateError(msg)
    declared = declared_parameters(template)
    other = load(
        template,
        addresses=_addresses(
            ports, function_urls_before=len(stack.of_type("AWS::Lambda::Url"))
        ),
        parameters={key: value for key, value in given.items() if key in declared},
        name=name,
    )
    for api in other.of_type("AWS::ApiGatewayV2::Api"):
        msg = (
            f"{api.written} is an HTTP API, and the emulator serves those of the "
            "project's own template alone"
        )
        raise TemplateError(msg)
    return other


def _addresses(
    ports: Ports,
    *,
    function_urls_before: int = 0,
    applications: Mapping[str, str] | None = None,
) -> Addresses:
    return Addresses(
        http_api=lambda index: origin(ports.http_api(index)),
        function_url=lambda index: (
            f"{origin(ports.function(function_urls_before + index))}/"
        ),
        applications=applications or {},
    )
