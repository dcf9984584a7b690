"""The function that runs as an ASGI application, as a server would run it."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from aikagi_emulator.children import Child
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import LOOPBACK
from aikagi_emulator.launcher.project import Application
from aikagi_emulator.template import Resource, Stack

_READ_ONCE: Final = ("*.css", "*.html", "*.js", "*.mjs", "*.svg", "*.ts")
"""Files of a page, which an application reads once, as it reads its code."""

_POLL: Final = 0.02
_PATIENCE: Final = 30.0
"""Seconds that it may take to answer for the first time."""


def command_of(
    application: Application, port: int, *, log_level: str, reload: bool
) -> Sequence[str]:
    """The command line of its server; ``reload`` watches its folders for changes."""
    reloading = ["--reload"] if reload else []
    for folder in application.reload if reload else ():
        reloading += ["--reload-dir", folder]
    for pattern in _READ_ONCE if reload else ():
        reloading += ["--reload-include", pattern]
    return (
        *(sys.executable, "-m", "uvicorn", application.app),
        *("--host", LOOPBACK, "--port", str(port)),
        # Addresses of clients come from the socket alone.
        *("--no-proxy-headers", "--no-server-header"),
        *("--log-level", log_level),
        *reloading,
    )


def function_of(application: Application, stack: Stack) -> Resource:
    """The function as the template has it. Raises ``LaunchError``."""
    for function in stack.of_type("AWS::Lambda::Function"):
        if function.logical_id == application.function:
            return function
    msg = (
        f"The project's application is the function {application.function}, which the "
        "template lacks."
    )
    raise LaunchError(msg)


def process_variables(
    variables: Mapping[str, str], shell: Mapping[str, str], *, inherit: Sequence[str]
) -> dict[str, str]:
    """All that a process of the project gets: of the shell what it inherits."""
    python = str(Path(sys.executable).parent)
    return {
        **variables,
        # Lambda has neither file; a developer's own profile must not show through.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PATH": os.pathsep.join((python, shell.get("PATH", os.defpath))),
        **{name: shell[name] for name in inherit if name in shell},
    }


async def answers(child: Child, application: Application, port: int) -> None:
    """Wait for its health path. Raises ``LaunchError`` when that will not come."""
    ended = asyncio.ensure_future(child.ended())
    try:
        async with asyncio.timeout(_PATIENCE):
            while not await _is_healthy(port, application.health_path):
                if ended.done():
                    msg = (
                        f"The {application.name} ended with exit status "
                        f"{ended.result()} before it answered; its own words stand "
                        "above."
                    )
                    raise LaunchError(msg, exit_code=1)
                await asyncio.sleep(_POLL)
    except TimeoutError as error:
        msg = (
            f"The {application.name} did not answer within {_PATIENCE:.0f} seconds: "
            f"GET {application.health_path} on port {port} has to give 200."
        )
        raise LaunchError(msg, exit_code=1) from error
    finally:
        ended.cancel()


async def answers_as_built(application: Application, port: int) -> None:
    """Have its HTTP API start it, once. Raises ``LaunchError`` where it cannot be."""
    if not await _is_healthy(port, application.health_path):
        msg = (
            f"The {application.name} does not answer as it was built: GET "
            f"{application.health_path} on port {port} has to give 200; its own words "
            "stand above."
        )
        raise LaunchError(msg, exit_code=1)


async def _is_healthy(port: int, path: str) -> bool:
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        status = await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
    return status.split(b" ")[1:2] == [b"200"]
