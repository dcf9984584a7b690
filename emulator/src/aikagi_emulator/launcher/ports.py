"""Where everything answers: the first port, and all others counted from it."""

import contextlib
import socket
from dataclasses import dataclass
from typing import Final, final

from aikagi_emulator.launcher.errors import LaunchError

LOOPBACK: Final = "127.0.0.1"
_HTTP_APIS: Final = 1
_ENDPOINT: Final = 100
_FUNCTIONS: Final = 101
_LAST: Final = 65535


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """``first`` is the application's; ``variable`` is how a developer chooses it."""

    first: int
    variable: str = "EMULATOR_PORT"

    @property
    def endpoint(self) -> int:
        return self.first + _ENDPOINT

    def http_api(self, index: int) -> int:
        """The port of an HTTP API, by its place in the template, from 0.

        Raises ``LaunchError`` where the port of AWS would be next.
        """
        if index >= _ENDPOINT - _HTTP_APIS:
            msg = f"The template has more than {_ENDPOINT - _HTTP_APIS} HTTP APIs."
            raise LaunchError(msg)
        return self.first + _HTTP_APIS + index

    def function(self, index: int) -> int:
        """The port of a function URL, by its place in the template, from 0."""
        return self.first + _FUNCTIONS + index

    def claim(self, *ports: int) -> list[socket.socket]:
        """Claim all of them, or none. Raises ``LaunchError`` where one is taken."""
        with contextlib.ExitStack() as claimed:
            try:
                sockets = [claimed.enter_context(claim(port)) for port in ports]
            except PortTakenError as error:
                msg = (
                    f"Port {error.port} is taken. {self.variable}={self.first} uses "
                    f"{self.first}, {self.endpoint} for AWS, and from "
                    f"{self.function(0)} on one port for each function, from "
                    f"{self.http_api(0)} on one for each HTTP API: set it to another "
                    f"number, or end the program that has port {error.port}."
                )
                raise LaunchError(msg) from error
            claimed.pop_all()
        return sockets


@final
class PortTakenError(Exception):
    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken")
        self.port = port


def ports_from(text: str, *, variable: str) -> Ports:
    """Read the first port. Raises ``LaunchError``, which names ``variable``."""
    most = _LAST - _FUNCTIONS
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= most):
        msg = f"{text!r} is not a port: set {variable} to a number from 1 to {most}."
        raise LaunchError(msg)
    return Ports(first=int(text), variable=variable)


def origin(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def claim(port: int) -> socket.socket:
    """Bind a port on loopback. Raises ``PortTakenError`` where another has it."""
    # asyncio turns Nagle's delay off for sockets that say they are TCP, and for no
    # others: without the protocol every answer waits 40 ms for an acknowledgement.
    claimed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Without it a port rests for a minute after the connections of the last stack.
    claimed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        claimed.bind((LOOPBACK, port))
        claimed.listen()
    except (OSError, OverflowError) as error:
        claimed.close()
        raise PortTakenError(port) from error
    return claimed
