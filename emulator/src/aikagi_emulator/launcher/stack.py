"""The whole stack, from its ports to its files and back."""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, final

from aikagi_emulator.aws import AwsEndpoint, Faults, RefusalReason, Snapshot
from aikagi_emulator.children import Child
from aikagi_emulator.control import ControlApi, MovableClock
from aikagi_emulator.launcher.application import (
    answers,
    answers_as_built,
    command_of,
    function_of,
    process_variables,
)
from aikagi_emulator.launcher.code_watch import CodeWatch, Reload, ReloadOnChange
from aikagi_emulator.launcher.date_header import DateHeader
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.files import StackState, StateFiles
from aikagi_emulator.launcher.function_urls import names_of
from aikagi_emulator.launcher.host_check import HostCheck
from aikagi_emulator.launcher.modelled import refuse_unmodelled, tell_other_pythons
from aikagi_emulator.launcher.packages import Packages
from aikagi_emulator.launcher.ports import Ports, origin
from aikagi_emulator.launcher.project import Application, Project
from aikagi_emulator.launcher.running import Running, description_of
from aikagi_emulator.launcher.seed import Seeded, seed
from aikagi_emulator.launcher.servers import Servers
from aikagi_emulator.launcher.serving import (
    ApplicationPlan,
    Served,
    ServedFunction,
    ServingPlan,
    make_plan,
    serve,
)
from aikagi_emulator.launcher.templates import read_templates
from aikagi_emulator.launcher.uncallable import reasons_of
from aikagi_emulator.launcher.variables import (
    operator_variables,
    role_variables,
    shell_variables,
    template_variables,
)
from aikagi_emulator.template import Stack
from aikagi_emulator.urls.asgi import ASGIApp

_log: Final = logging.getLogger(__name__)

_PATIENCE: Final = 3.0
"""Seconds that the application has to end before it is killed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``reload`` watches the code of the project's application.

    ``explain`` puts the cause of each refusal into a header of its answer, and
    ``forget`` starts with empty tables and new secrets whenever the template changes.
    """

    project: Project
    ports: Ports
    shell: Mapping[str, str] = field(repr=False)
    reload: bool = False
    explain: bool = False
    forget: bool = False

    @property
    def server_application(self) -> Application | None:
        """The project's application, where a server of its own runs it."""
        return None if self.project.runs_as_built else self.project.application

    def application_plan(self, stack: Stack) -> ApplicationPlan | None:
        """Raises ``LaunchError`` where the template lacks the application."""
        application = self.project.application
        if application is None:
            return None
        function = function_of(application, stack)
        variables = template_variables(function, application, stack, self.ports)
        return ApplicationPlan(
            function=application.function,
            as_built=self.project.runs_as_built,
            variables=variables | shell_variables(application, self.shell),
        )


async def check_template(options: Options, *, clock: Callable[[], datetime]) -> None:
    """Find what would keep a stack of the templates from starting, without starting it.

    Packages of functions are installed. Raises ``LaunchError`` or ``TemplateError``.
    """
    stack, plan = await asyncio.to_thread(_checked, options, clock)
    await plan.equip(_packages(options), stack)


def _checked(
    options: Options, clock: Callable[[], datetime]
) -> tuple[Stack, ServingPlan]:
    stack = read_templates(options.project, options.ports)
    refuse_unmodelled(stack)
    aws = AwsEndpoint(stack, clock=clock)
    if application := options.project.application:
        function = function_of(application, stack)
        role_variables(function, aws, stack, options.ports)
    return stack, make_plan(
        stack, aws, ports=options.ports, application=options.application_plan(stack)
    )


def _packages(options: Options) -> Packages:
    project = options.project
    return Packages(project.packages, shell=options.shell, build=project.build)


@final
class EmulatedStack:
    """Belongs to one event loop. ``close`` it also when ``start`` failed.

    ``clock`` is the real time, in which the application and the functions live. AWS has
    a clock of its own here, which the operator may move. ``snapshot`` is what the
    stores of an earlier stack held.
    """

    def __init__(
        self,
        options: Options,
        *,
        clock: Callable[[], datetime],
        snapshot: Snapshot | None = None,
    ) -> None:
        self._options = options
        self._ports = options.ports
        self._real_clock = clock
        self._earlier = snapshot
        self._packages = _packages(options)
        self._aws: AwsEndpoint | None = None
        self._clock = MovableClock(clock)
        self._faults = Faults()
        self._application: Child | None = None
        self._seeding: asyncio.Task[Seeded] | None = None
        self._claimed: list[socket.socket] = []
        self._served: list[Served] = []
        self._code: dict[Path, CodeWatch] = {}
        self._reloads: dict[str, Reload] = {}
        self._servers = Servers()
        self._files: StateFiles | None = None

    async def start(self) -> Running:
        """Return once everything answers and ``stack.json`` says so.

        Raises ``LaunchError`` or ``TemplateError``.
        """
        ports, project = self._ports, self._options.project
        for socket_ in ports.claim(ports.first):
            socket_.close()
        (endpoint_socket,) = self._claim(ports.endpoint)
        self._files = StateFiles(
            project.state, endpoint=origin(ports.endpoint), port=ports.first
        )
        # A stack that was killed may have left a stack.json that says it runs.
        self._files.remove()
        stack = await asyncio.to_thread(read_templates, project, ports)
        refuse_unmodelled(stack)
        tell_other_pythons(stack, project.build)
        aws = AwsEndpoint(stack, clock=self._clock, offset=lambda: self._clock.offset)
        self._aws = aws
        application = self._options.application_plan(stack)
        plan = make_plan(stack, aws, ports=ports, application=application)
        sockets = self._claim(*plan.ports)
        running = self._running(stack, aws, plan)
        self._served = await serve(
            plan, stack, aws, packages=self._packages, clock=self._real_clock
        )
        # These import on one processor while the stores load on another. Until those
        # answer, what they ask waits in the backlog of a socket claimed above.
        self._application = self._start_application(running)
        self._seeding = asyncio.create_task(self._seed(running))
        endpoint = await asyncio.to_thread(
            aws.endpoint, faults=self._faults, snapshot=self._earlier
        )
        await self._serve(self._control_api(endpoint, aws), endpoint_socket)
        for served, claimed in zip(self._served, sockets, strict=True):
            await self._serve(self._reloading(served, stack), claimed)
        running = await self._complete(running, self._seeding)
        self._files.write(
            StackState(
                env=running.env,
                operator_env=running.operator_env,
                description=description_of(running),
            )
        )
        return running

    async def application_ended(self) -> int:
        """Wait until the application ends by itself; return its exit status.

        Never, where the project has none.
        """
        if self._application is None:
            never: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            return await never
        return await self._application.ended()

    async def snapshot(self) -> Snapshot | None:
        """What its stores hold; what it was given, where they were never loaded."""
        found = await asyncio.to_thread(self._aws.snapshot) if self._aws else None
        return found or self._earlier

    async def close(self) -> None:
        """Remove the files, end every child, free every port."""
        if self._files is not None:
            self._files.remove()
        if self._seeding is not None:
            self._seeding.cancel()
            await asyncio.gather(self._seeding, return_exceptions=True)
        if self._application is not None:
            await asyncio.to_thread(self._application.end, patience=_PATIENCE)
        for served in self._served:
            for function in served.functions:
                await asyncio.to_thread(function.pool.close)
        await self._servers.close()
        for claimed in self._claimed:
            claimed.close()
        for watch in self._code.values():
            watch.close()

    async def _serve(self, application: ASGIApp, claimed: socket.socket) -> None:
        with_date = DateHeader(HostCheck(application), clock=self._clock)
        await self._servers.start(with_date, claimed)

    def _control_api(self, endpoint: ASGIApp, aws: AwsEndpoint) -> ControlApi:
        return ControlApi(
            self._with_reason(endpoint),
            gate=aws.operator_gate(clock=self._real_clock),
            clock=self._clock,
            faults=self._faults,
            policy_delay=aws.policy_delay,
        )

    def _reloading(self, served: Served, stack: Stack) -> ReloadOnChange:
        return ReloadOnChange(
            self._with_reason(served.application),
            [self._reload(function, stack) for function in served.functions],
        )

    def _reload(self, function: ServedFunction, stack: Stack) -> Reload:
        """Return the one of a function, whatever calls it."""
        arn = function.spec.arn
        if arn not in self._reloads:
            for folder in function.code:
                if folder not in self._code:
                    self._code[folder] = CodeWatch(folder)
            self._reloads[arn] = Reload(
                [self._code[folder] for folder in function.code],
                recycle=lambda: self._recycle(function, stack),
            )
        return self._reloads[arn]

    async def _recycle(self, function: ServedFunction, stack: Stack) -> None:
        """Let calls from now on see new code, with the packages that it names now."""
        try:
            spec = await self._packages.equip(function.spec, stack)
        except LaunchError as error:
            _log.error(
                "%s\n%s goes on with the packages it had.", error, function.spec.name
            )
            function.pool.recycle()
        else:
            function.pool.recycle(spec)

    def _with_reason(self, application: ASGIApp) -> ASGIApp:
        return RefusalReason(application) if self._options.explain else application

    def _claim(self, *ports: int) -> list[socket.socket]:
        claimed = self._ports.claim(*ports)
        self._claimed += claimed
        return claimed

    def _running(self, stack: Stack, aws: AwsEndpoint, plan: ServingPlan) -> Running:
        ports, project = self._ports, self._options.project
        application = project.application
        operator = operator_variables(aws, stack, ports)
        env: Mapping[str, str] = {}
        if application is not None:
            function = function_of(application, stack)
            template = template_variables(function, application, stack, ports)
            env = role_variables(function, aws, stack, ports) | template
            operator |= template
        first = origin(ports.first)
        return Running(
            application=first if application else None,
            application_name=application.name if application else "",
            endpoint=origin(ports.endpoint),
            region=stack.region,
            functions=names_of(stack, project.function_names),
            pages={
                name: f"{first}{path}"
                for name, path in (application.pages if application else {}).items()
            },
            http_apis={api.settings.name: api.url for api in plan.http_apis},
            outputs=stack.outputs,
            example=plan.http_apis[0].example if plan.http_apis else "",
            uncallable=() if plan.ports or application else reasons_of(stack),
            env=env,
            operator_env=operator,
        )

    def _start_application(self, running: Running) -> Child | None:
        project, shell = self._options.project, self._options.shell
        application = self._options.server_application
        if application is None:
            return None
        level = shell.get(project.variable("LOG_LEVEL"), "warning").lower()
        command = command_of(
            application,
            self._ports.first,
            log_level=level,
            reload=self._options.reload,
        )
        variables = process_variables(running.env, shell, inherit=application.inherit)
        try:
            return Child(command, variables=variables, folder=project.folder)
        except OSError as error:
            msg = f"The {application.name} cannot be started: {error.strerror}."
            raise LaunchError(msg) from error

    async def _seed(self, running: Running) -> Seeded:
        project = self._options.project
        if not project.seed:
            return Seeded()
        return await seed(
            project.seed,
            folder=project.folder,
            variables=process_variables(
                running.operator_env, self._options.shell, inherit=()
            ),
            description=description_of(running),
        )

    async def _complete(
        self, running: Running, seeding: "asyncio.Task[Seeded]"
    ) -> Running:
        """Wait for the application and for the seed command."""
        application = self._options.project.application
        if application is not None:
            await asyncio.gather(self._application_answers(application), seeding)
        seeded = await seeding
        return replace(
            running,
            seeded=seeded.description,
            announcement=seeded.announcement,
        )

    async def _application_answers(self, application: Application) -> None:
        first = self._ports.first
        if self._application is not None:
            await answers(self._application, application, first)
        else:
            await answers_as_built(application, first)
