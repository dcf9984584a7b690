"""The whole stack, from its ports to its files and back."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, final

from local.aws import Cloud
from local.children import Child
from local.launcher import seed
from local.launcher.broker_process import (
    BrokerCommand,
    answers,
    broker_function,
    process_variables,
    session_variables,
)
from local.launcher.catalogue import catalogue_of
from local.launcher.errors import LaunchError
from local.launcher.files import StackState, StateFiles
from local.launcher.functions import Served, serve_all, variables_of
from local.launcher.ports import Ports, claim, claim_all, origin
from local.launcher.servers import Servers
from local.template import Addresses, Stack, load

_PATIENCE: Final = 3.0
"""Seconds that the broker has to end before it is killed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``folder`` gets the state files; ``broker`` is the command that serves it."""

    template: Path
    ports: Ports
    folder: Path
    broker: BrokerCommand
    shell: Mapping[str, str] = field(repr=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a stack that answers can say of itself. ``env`` is that of its env file."""

    broker: str
    endpoint: str
    region: str
    functions: Mapping[str, str]
    users: tuple[seed.DemoUser, ...]
    env: Mapping[str, str] = field(repr=False)


@final
class LocalStack:
    """Belongs to one event loop. ``close`` it also when ``start`` failed."""

    def __init__(self, options: Options, *, clock: Callable[[], datetime]) -> None:
        self._options = options
        self._ports = options.ports
        self._clock = clock
        self._broker: Child | None = None
        self._claimed: list[socket.socket] = []
        self._served: list[Served] = []
        self._servers = Servers()
        self._files: StateFiles | None = None

    async def start(self) -> Running:
        """Return once everything answers and ``stack.json`` says so.

        Raises ``LaunchError`` or ``TemplateError``.
        """
        ports = self._ports
        claim(ports.broker).close()
        endpoint_socket = self._keep(claim(ports.endpoint))
        self._files = StateFiles(
            self._options.folder, broker=origin(ports.broker), port=ports.broker
        )
        # A stack that was killed may have left a stack.json that says it runs.
        self._files.remove()
        stack = await asyncio.to_thread(self._load)
        urls = range(len(stack.of_type("AWS::Lambda::Url")))
        sockets = claim_all([ports.function(index) for index in urls])
        for one in sockets:
            self._keep(one)
        cloud = Cloud(stack, clock=self._clock)
        env, operator_env = self._environments(stack, cloud)
        self._served = serve_all(stack, cloud, ports=ports, clock=self._clock)
        # The broker imports on one processor while the stores load on another. Until
        # they answer, what it asks waits in the backlog of a socket claimed above.
        self._broker = self._start_broker(env)
        endpoint = await asyncio.to_thread(cloud.endpoint)
        await self._servers.start(endpoint, endpoint_socket)
        for served, one in zip(self._served, sockets, strict=True):
            await self._servers.start(served.application, one)
        await asyncio.gather(
            answers(self._broker, ports.broker),
            asyncio.to_thread(
                seed.seed_users,
                operator_env,
                table=env["AIKAGI_USERS_TABLE"],
                clock=self._clock,
            ),
        )
        running = self._running(stack, env)
        self._files.write(
            StackState(
                env=env, operator_env=operator_env, description=description_of(running)
            )
        )
        return running

    async def broker_ended(self) -> int:
        """Wait until the broker ends by itself; return its exit status."""
        if self._broker is None:
            msg = "the stack was not started"
            raise RuntimeError(msg)
        return await self._broker.ended()

    async def close(self) -> None:
        """Remove the files, end every child, free every port."""
        if self._files is not None:
            self._files.remove()
        if self._broker is not None:
            await asyncio.to_thread(self._broker.end, patience=_PATIENCE)
        for served in self._served:
            await asyncio.to_thread(served.pool.close)
        await self._servers.close()
        for one in self._claimed:
            one.close()

    def _keep(self, claimed: socket.socket) -> socket.socket:
        self._claimed.append(claimed)
        return claimed

    def _load(self) -> Stack:
        addresses = Addresses(
            api=origin(self._ports.broker),
            function_url=lambda index: f"{origin(self._ports.function(index))}/",
        )
        return load(self._options.template, addresses=addresses)

    def _environments(
        self, stack: Stack, cloud: Cloud
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The broker's environment and the operator's: one stack, two sessions."""
        function = broker_function(stack)
        template = variables_of(function)
        urls = [
            origin(self._ports.function(index))
            for index in range(len(stack.of_type("AWS::Lambda::Url")))
        ]
        template["AIKAGI_LOCAL_FUNCTION_URLS"] = ",".join(urls)
        broker = cloud.function_session(str(function.properties["Role"]), function.ref)
        both = [
            session_variables(session, region=stack.region, ports=self._ports)
            for session in (broker, cloud.operator_session())
        ]
        return {**both[0], **template}, {**both[1], **template}

    def _start_broker(self, env: Mapping[str, str]) -> Child:
        shell = self._options.shell
        level = shell.get("AIKAGI_LOG_LEVEL", "warning").lower()
        command = self._options.broker(self._ports.broker, level)
        try:
            return Child(command, variables=process_variables(env, shell))
        except OSError as error:
            msg = f"The broker cannot be started: {error.strerror}."
            raise LaunchError(msg) from error

    def _running(self, stack: Stack, env: Mapping[str, str]) -> Running:
        return Running(
            broker=origin(self._ports.broker),
            endpoint=origin(self._ports.endpoint),
            region=stack.region,
            functions=catalogue_of(stack, env["AIKAGI_CATALOGUE_PATH"]),
            users=seed.DEMO_USERS,
            env=env,
        )


def description_of(running: Running) -> Mapping[str, object]:
    """``stack.json``, for tools and tests."""
    return {
        "Broker": running.broker,
        "Endpoint": running.endpoint,
        "Region": running.region,
        "Functions": dict(running.functions),
        "Users": [
            {
                "Username": user.username,
                "Password": user.password,
                "Groups": list(user.groups),
            }
            for user in running.users
        ],
    }
