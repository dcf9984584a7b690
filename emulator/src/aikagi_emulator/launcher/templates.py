"""The templates of a project: its own, and those of the stacks beside it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from aikagi_emulator.launcher.build import Build
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
    name, or of its parameter, and else its default. The code of what was built is what
    the build has left. Blocks for a second the first time.
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
    return _as_built(stack, project.build) if project.build else stack


def _as_built(stack: Stack, build: Build) -> Stack:
    """Give its functions and layers the code that was built, as far as it was.

    The packages of what was built stand beside it: none are installed for it.
    """
    functions = _built(stack, "AWS::Lambda::Function", build)
    layers = _built(stack, "AWS::Lambda::LayerVersion", build)
    if not functions:
        msg = (
            f"{build.folder} has no folder with the logical id of a function of the "
            "template: build them first."
        )
        raise LaunchError(msg)
    return replace(
        stack,
        code={**stack.code, **functions},
        layers={**stack.layers, **layers},
        builds={**stack.builds, **dict.fromkeys({**functions, **layers}, "")},
    )


def _built(stack: Stack, type_: str, build: Build) -> dict[str, Path]:
    """From the Ref of each resource that was built to its folder."""
    return {
        resource.ref: build.folder.absolute() / name
        for resource in stack.of_type(type_)
        if resource.stack_name == stack.name
        for name in [resource.source or resource.logical_id]
        if build.has(name)
    }


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
