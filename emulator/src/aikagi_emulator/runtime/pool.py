"""The environments of one function."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, TypeVar, final

from aikagi_emulator.runtime.environment import DiedIdleError, Environment
from aikagi_emulator.runtime.errors import (
    InvocationError,
    PoolClosedError,
    ThrottledError,
)
from aikagi_emulator.runtime.function import FunctionSpec
from aikagi_emulator.runtime.handler_environment import HandlerEnvironment
from aikagi_emulator.runtime.loop_thread import LoopThread
from aikagi_emulator.runtime.stream import Stream
from aikagi_emulator.runtime.streamed import Streamed
from aikagi_emulator.runtime.web_environment import WebEnvironment

T = TypeVar("T")

_OLDEST: Final = timedelta(hours=1)
"""An environment is replaced at this age, before its credentials can run out."""


@final
class Pool:
    """Runs a function in as many processes as calls are under way, and no more.

    ``credentials`` is asked for the role's ``AWS_…`` variables once for each new
    environment. ``log`` gets the function's name and one line of its output.
    Both are called from the pool's own thread, where everything that talks to the
    processes lives too, so calls may come from any event loop and a call that is
    abandoned goes on.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        *,
        credentials: Callable[[], Mapping[str, str]],
        clock: Callable[[], datetime],
        log: Callable[[str, str], None],
    ) -> None:
        self._spec = spec
        self._credentials = credentials
        self._clock = clock
        self._log = log
        self._generation = 0
        self._environments: dict[Environment, int] = {}
        self._idle: list[Environment] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = Lock()
        self._closed = False
        self._thread = LoopThread(f"runtime {spec.name}")

    async def invoke(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> bytes:
        """Run the handler with ``event`` and return what it returned, as JSON.

        When the caller stops waiting the call goes on to its end, as on Lambda.

        Raises:
            ThrottledError: all environments the function may have are busy.
            InvocationError: it crashed, timed out, failed, or could not be loaded.
        """
        request_id, payload = _identified(event, request_id)
        return await self._there(
            lambda: self._run(lambda chosen: chosen.invoke(request_id, payload))
        )

    @property
    def streams(self) -> bool:
        """Whether the function passes its answer on while it makes it."""
        return self._spec.web is not None and self._spec.web.streams

    async def stream(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> Streamed:
        """Run the web process with ``event`` and return its answer once it has begun.

        Whoever gets it calls its ``leave`` in the end. The function, which knows
        nothing of that, goes on to its own end either way.

        Raises:
            InvocationError: as ``invoke``, where there is no answer at all.
        """
        request_id, payload = _identified(event, request_id)
        stream = Stream()
        with self._closing:
            if self._closed:
                raise PoolClosedError
            self._thread.submit(self._feed(request_id, payload, stream))
        try:
            head = await self._there(stream.head)
        except BaseException:
            self._leave(stream)
            raise
        return Streamed(
            head,
            get=lambda: self._there(stream.get),
            leave=lambda: self._leave(stream),
        )

    def recycle(self, spec: FunctionSpec | None = None) -> None:
        """Forget the environments there are, so that calls from now on see new code.

        Idle ones end now, busy ones after their call; new ones start when needed, as
        ``spec`` says, where it is given.
        """
        with self._closing:
            if not self._closed:
                self._thread.call(lambda: self._outdate(spec or self._spec))

    def close(self) -> None:
        """Kill every process and wait for it. Calls under way fail."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._thread.submit(self._shut()).result()
        self._thread.close()

    async def _there(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do ``work`` in the pool's thread, to its end even when nobody waits."""
        with self._closing:
            if self._closed:
                raise PoolClosedError
            doing = asyncio.wrap_future(self._thread.submit(self._kept(work)))
        # Whoever waits may give up: then its failure is nobody's, and no complaint.
        doing.add_done_callback(_retrieve)
        return await asyncio.shield(doing)

    def _leave(self, stream: Stream) -> None:
        with self._closing:
            if not self._closed:
                self._thread.submit(stream.leave())

    # What follows runs in the pool's thread only.

    async def _kept(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if task := asyncio.current_task():
            self._keep(task)
        return await work()

    async def _feed(self, request_id: str, payload: bytes, stream: Stream) -> None:
        if task := asyncio.current_task():
            self._keep(task)
        try:
            await self._run(lambda chosen: chosen.relay(request_id, payload, stream))
        except Exception as error:
            await stream.end(error)
            raise
        await stream.end()

    async def _run(self, work: Callable[[Environment], Awaitable[T]]) -> T:
        try:
            while environment := self._take_idle():
                with suppress(DiedIdleError):
                    return await self._use(environment, work)
            environment = await self._start_one()
            return await self._use(environment, work)
        except InvocationError as error:
            if self._closed:
                raise PoolClosedError from error
            raise

    async def _use(
        self, environment: Environment, work: Callable[[Environment], Awaitable[T]]
    ) -> T:
        try:
            return await work(environment)
        finally:
            if self._usable(environment):
                self._idle.append(environment)
            else:
                self._discard(environment)

    async def _start_one(self) -> Environment:
        if len(self._environments) >= self._spec.concurrency:
            msg = f"{self._spec.name} already runs {len(self._environments)} times"
            raise ThrottledError(msg)
        environment = self._new_environment()
        self._environments[environment] = self._generation
        try:
            await environment.start(self._credentials())
        except BaseException:
            self._discard(environment)
            raise
        return environment

    def _new_environment(self) -> Environment:
        web = self._spec.web
        if web is None:
            return HandlerEnvironment(self._spec, clock=self._clock, log=self._log_line)
        return WebEnvironment(self._spec, web, clock=self._clock, log=self._log_line)

    def _take_idle(self) -> Environment | None:
        # The one used last is the warmest, and the others may grow old.
        while self._idle:
            environment = self._idle.pop()
            if self._usable(environment):
                return environment
            self._discard(environment)
        return None

    def _usable(self, environment: Environment) -> bool:
        return (
            environment.alive
            and not self._closed
            and self._environments.get(environment) == self._generation
            and self._clock() - environment.started_at < _OLDEST
        )

    def _discard(self, environment: Environment) -> None:
        self._environments.pop(environment, None)
        self._keep(asyncio.ensure_future(environment.stop()))

    def _outdate(self, spec: FunctionSpec) -> None:
        self._spec = spec
        self._generation += 1
        while self._idle:
            self._discard(self._idle.pop())

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _log_line(self, line: str) -> None:
        self._log(self._spec.name, line)

    async def _shut(self) -> None:
        for environment in list(self._environments):
            self._discard(environment)
        while self._tasks:
            await asyncio.wait(self._tasks)


def _retrieve(done: "asyncio.Future[Any]") -> None:
    if not done.cancelled():
        done.exception()


def _identified(event: Mapping[str, Any], request_id: str | None) -> tuple[str, bytes]:
    return request_id or str(uuid.uuid4()), json.dumps(event).encode()
