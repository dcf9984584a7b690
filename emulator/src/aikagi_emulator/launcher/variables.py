"""The variables of whoever meets this stack: the operator, and the application."""

from collections.abc import Mapping

from aikagi_emulator.aws import AwsEndpoint
from aikagi_emulator.launcher.functions import variables_of
from aikagi_emulator.launcher.ports import Ports, origin
from aikagi_emulator.launcher.project import Application
from aikagi_emulator.launcher.sessions import session_variables
from aikagi_emulator.template import Resource, Stack

_NO_PROXY = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
"""A proxy of the shell would see what is meant for loopback, and not find it."""

_FUNCTION_URLS = "${FunctionUrls}"


def operator_variables(aws: AwsEndpoint, stack: Stack, ports: Ports) -> dict[str, str]:
    session = aws.operator_session()
    return session_variables(session, region=stack.region, ports=ports) | _NO_PROXY


def role_variables(
    function: Resource, aws: AwsEndpoint, stack: Stack, ports: Ports
) -> dict[str, str]:
    """Credentials of the function's own role."""
    session = aws.function_session(str(function.properties["Role"]), function.ref)
    return session_variables(session, region=stack.region, ports=ports) | _NO_PROXY


def shell_variables(
    application: Application, shell: Mapping[str, str]
) -> dict[str, str]:
    """What the application inherits of the shell that the emulator runs in."""
    return {name: shell[name] for name in application.inherit if name in shell}


def template_variables(
    function: Resource, application: Application, stack: Stack, ports: Ports
) -> dict[str, str]:
    """What the template gives the function, and what the project adds."""
    urls = range(len(stack.of_type("AWS::Lambda::Url")))
    origins = ",".join(origin(ports.function(index)) for index in urls)
    return variables_of(function) | {
        name: text.replace(_FUNCTION_URLS, origins)
        for name, text in application.variables.items()
    }
