"""The whole stack, from its ports to its files and back."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, final

from aikagi_emulator.aws import Cloud, Explained, Faults
from aikagi_emulator.aws.wire import Application
from aikagi_emulator.children import Child
from aikagi_emulator.control import Door, MovableClock
from aikagi_emulator.launcher import environments, seed
from aikagi_emulator.launcher.broker_process import (
    BrokerCommand,
    answers,
    broker_function,
    process_variables,
)
from aikagi_emulator.launcher.catalogue import catalogue_of, code_folders, urls_of
from aikagi_emulator.launcher.code_watch import CodeWatch, Fresh
from aikagi_emulator.launcher.dated import Dated
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.files import StackState, StateFiles
from aikagi_emulator.launcher.functions import Served, serve_all
from aikagi_emulator.launcher.modelled import refuse_unmodelled
from aikagi_emulator.launcher.ports import Ports, claim, claim_all, origin
from aikagi_emulator.launcher.running import Running, description_of
from aikagi_emulator.launcher.servers import Servers
from aikagi_emulator.template import Addresses, Stack, load

_PATIENCE: Final = 3.0
"""Seconds that the broker has to end before it is killed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``folder`` gets the state files; ``broker`` is the command that serves it.

    ``explain`` puts the cause of each refusal into a header of its answer.
    """

    template: Path
    ports: Ports
    folder: Path
    broker: BrokerCommand
    shell: Mapping[str, str] = field(repr=False)
    explain: bool = False


def read_template(options: Options) -> Stack:
    """Blocks for a second the first time. Raises ``TemplateError``."""
    ports = options.ports
    addresses = Addresses(
        api=origin(ports.broker),
        function_url=lambda index: f"{origin(ports.function(index))}/",
    )
    return load(options.template, addresses=addresses)


@final
class LocalStack:
    """Belongs to one event loop. ``close`` it also when ``start`` failed.

    ``clock`` is the real time, in which the broker and the functions live. AWS has
    a clock of its own here, which the operator may move.
    """

    def __init__(self, options: Options, *, clock: Callable[[], datetime]) -> None:
        self._options = options
        self._ports = options.ports
        self._real_clock = clock
        self._clock = MovableClock(clock)
        self._faults = Faults()
        self._broker: Child | None = None
        self._claimed: list[socket.socket] = []
        self._served: list[Served] = []
        self._code: dict[Path, CodeWatch] = {}
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
            self._options.folder, endpoint=origin(ports.endpoint), port=ports.broker
        )
        # A stack that was killed may have left a stack.json that says it runs.
        self._files.remove()
        stack = await asyncio.to_thread(read_template, self._options)
        refuse_unmodelled(stack)
        urls = range(len(stack.of_type("AWS::Lambda::Url")))
        sockets = claim_all([ports.function(index) for index in urls])
        for one in sockets:
            self._keep(one)
        cloud = Cloud(stack, clock=self._clock)
        running = self._running(stack, cloud)
        self._served = serve_all(stack, cloud, ports=ports, clock=self._real_clock)
        # The broker imports on one processor while the stores load on another. Until
        # they answer, what it asks waits in the backlog of a socket claimed above.
        self._broker = self._start_broker(running)
        endpoint = await asyncio.to_thread(cloud.endpoint, faults=self._faults)
        await self._serve(self._door(endpoint, cloud), endpoint_socket)
        folders = code_folders(stack)
        for served, folder, one in zip(self._served, folders, sockets, strict=True):
            await self._serve(self._fresh(served, folder), one)
        if self._broker is not None:
            await self._fill(self._broker, running)
        self._files.write(
            StackState(
                env=running.env,
                operator_env=running.operator_env,
                description=description_of(running),
            )
        )
        return running

    async def broker_ended(self) -> int:
        """Wait until the broker ends by itself; return its exit status.

        Never, where the template has none.
        """
        if self._broker is None:
            never: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            return await never
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
        for watch in self._code.values():
            watch.close()

    async def _serve(self, application: Application, claimed: socket.socket) -> None:
        await self._servers.start(Dated(application, clock=self._clock), claimed)

    def _door(self, endpoint: Application, cloud: Cloud) -> Door:
        return Door(
            self._explained(endpoint),
            gate=cloud.operator_gate(clock=self._real_clock),
            clock=self._clock,
            faults=self._faults,
        )

    def _fresh(self, served: Served, folder: Path) -> Fresh:
        if folder not in self._code:
            self._code[folder] = CodeWatch(folder)
        return Fresh(
            self._explained(served.application),
            code=self._code[folder],
            recycle=served.pool.recycle,
        )

    def _explained(self, application: Application) -> Application:
        return Explained(application) if self._options.explain else application

    def _keep(self, claimed: socket.socket) -> socket.socket:
        self._claimed.append(claimed)
        return claimed

    def _running(self, stack: Stack, cloud: Cloud) -> Running:
        function, ports = broker_function(stack), self._ports
        operator = environments.of_operator(cloud, stack, ports)
        if function is None:
            env: Mapping[str, str] = {}
            functions = urls_of(stack)
        else:
            template = environments.of_template(function, stack, ports)
            env = environments.of_broker(function, cloud, stack, ports) | template
            operator |= template
            functions = catalogue_of(stack, env["AIKAGI_CATALOGUE_PATH"])
        return Running(
            broker=None if function is None else origin(ports.broker),
            endpoint=origin(ports.endpoint),
            region=stack.region,
            functions=functions,
            users=() if function is None else seed.DEMO_USERS,
            env=env,
            operator_env=operator,
        )

    def _start_broker(self, running: Running) -> Child | None:
        if running.broker is None:
            return None
        shell = self._options.shell
        level = shell.get("AIKAGI_LOG_LEVEL", "warning").lower()
        command = self._options.broker(self._ports.broker, level)
        try:
            return Child(command, variables=process_variables(running.env, shell))
        except OSError as error:
            msg = f"The broker cannot be started: {error.strerror}."
            raise LaunchError(msg) from error

    async def _fill(self, broker: Child, running: Running) -> None:
        """Wait for the broker and give it people to serve."""
        await asyncio.gather(
            answers(broker, self._ports.broker),
            asyncio.to_thread(
                seed.seed_users,
                running.operator_env,
                table=running.env["AIKAGI_USERS_TABLE"],
                clock=self._real_clock,
            ),
        )
