"""The broker as a process of its own, exactly as a server would run it."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from aikagi_emulator.aws import Session
from aikagi_emulator.children import Child
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import LOOPBACK, Ports, origin
from aikagi_emulator.template import Resource, Stack

HANDLER: Final = "app.lambda_handler.handler"

BrokerCommand: TypeAlias = Callable[[int, str], Sequence[str]]
"""From the port and the server's log level to a command line."""

_POLL: Final = 0.02
_PATIENCE: Final = 30.0
"""Seconds that a broker may take to answer for the first time."""


def uvicorn_command(port: int, log_level: str) -> Sequence[str]:
    return (
        *(sys.executable, "-m", "uvicorn", "app.main:app"),
        *("--host", LOOPBACK, "--port", str(port)),
        # Addresses of clients come from the socket alone.
        *("--no-proxy-headers", "--no-server-header"),
        *("--log-level", log_level),
    )


def reloading_command(port: int, log_level: str) -> Sequence[str]:
    # The page's files are read once, like the code.
    files = ("*.css", "*.html", "*.js", "*.mjs", "*.svg", "*.ts")
    included = (part for name in files for part in ("--reload-include", name))
    command = uvicorn_command(port, log_level)
    return (*command, "--reload", "--reload-dir", "app", *included)


def broker_function(stack: Stack) -> Resource | None:
    """The function that is the broker, by its handler; a template may have none."""
    for function in stack.of_type("AWS::Lambda::Function"):
        if function.properties.get("Handler") == HANDLER:
            return function
    return None


def session_variables(session: Session, *, region: str, ports: Ports) -> dict[str, str]:
    """What leads any AWS SDK to this stack, as this session."""
    return {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": origin(ports.endpoint),
    }


def process_variables(
    broker_variables: Mapping[str, str], shell: Mapping[str, str]
) -> dict[str, str]:
    """All that the process gets: of the shell only the path and the log level."""
    variables = {
        **broker_variables,
        # Lambda has neither file; a developer's own profile must not show through.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PATH": shell.get("PATH", os.defpath),
    }
    if "AIKAGI_LOG_LEVEL" in shell:
        variables["AIKAGI_LOG_LEVEL"] = shell["AIKAGI_LOG_LEVEL"]
    return variables


async def answers(broker: Child, port: int) -> None:
    """Wait for ``GET /healthz``. Raises ``LaunchError`` when that will not come."""
    ended = asyncio.ensure_future(broker.ended())
    try:
        async with asyncio.timeout(_PATIENCE):
            while not await _is_healthy(port):
                if ended.done():
                    msg = (
                        f"The broker ended with exit status {ended.result()} before it "
                        "answered; its own words stand above."
                    )
                    raise LaunchError(msg, exit_code=1)
                await asyncio.sleep(_POLL)
    except TimeoutError as error:
        msg = f"The broker did not answer within {_PATIENCE:.0f} seconds."
        raise LaunchError(msg, exit_code=1) from error
    finally:
        ended.cancel()


async def _is_healthy(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        writer.write(
            f"GET /healthz HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        status = await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
    return status.split(b" ")[1:2] == [b"200"]
