"""The environments of whoever meets this stack: the operator, and the broker."""

from aikagi_emulator.aws import Cloud
from aikagi_emulator.launcher.broker_process import session_variables
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.functions import variables_of
from aikagi_emulator.launcher.ports import Ports, origin
from aikagi_emulator.template import Resource, Stack

_NEEDED = ("AIKAGI_CATALOGUE_PATH", "AIKAGI_USERS_TABLE")
"""What the launcher itself reads of the broker's variables."""


def of_operator(cloud: Cloud, stack: Stack, ports: Ports) -> dict[str, str]:
    session = cloud.operator_session()
    return session_variables(session, region=stack.region, ports=ports)


def of_broker(
    function: Resource, cloud: Cloud, stack: Stack, ports: Ports
) -> dict[str, str]:
    """Credentials of the broker's own role."""
    session = cloud.function_session(str(function.properties["Role"]), function.ref)
    return session_variables(session, region=stack.region, ports=ports)


def of_template(function: Resource, stack: Stack, ports: Ports) -> dict[str, str]:
    """What the template gives the broker. Raises ``LaunchError`` for too little."""
    variables = variables_of(function)
    missing = [name for name in _NEEDED if not variables.get(name)]
    if missing:
        msg = f"{function.logical_id} has no {missing[0]} in its environment."
        raise LaunchError(msg)
    urls = range(len(stack.of_type("AWS::Lambda::Url")))
    variables["AIKAGI_LOCAL_FUNCTION_URLS"] = ",".join(
        origin(ports.function(index)) for index in urls
    )
    return variables
