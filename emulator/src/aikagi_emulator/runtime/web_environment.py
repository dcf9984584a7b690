"""An environment for a web process: what the Lambda Web Adapter does around one."""

import asyncio
import os
from asyncio import Future, Task
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, final

import h11
from typing_extensions import override

from aikagi_emulator.runtime.adapter import request_of
from aikagi_emulator.runtime.buffered_response import BufferedResponse
from aikagi_emulator.runtime.environment import DiedIdleError, Environment, first_of
from aikagi_emulator.runtime.errors import (
    FunctionFailedError,
    InitFailedError,
    InvocationError,
)
from aikagi_emulator.runtime.exchange import BrokenOffError, ConnectError, Exchange
from aikagi_emulator.runtime.function import FunctionSpec
from aikagi_emulator.runtime.process import RuntimeProcess
from aikagi_emulator.runtime.readiness import Readiness
from aikagi_emulator.runtime.reserved_port import ReservedPort
from aikagi_emulator.runtime.stream import Head, Stream
from aikagi_emulator.runtime.variables import environment_variables
from aikagi_emulator.runtime.web_process import WebProcess

_BOOTSTRAP: Final = ("/bin/sh", "-c", 'exec "$LAMBDA_TASK_ROOT/$_HANDLER"')
"""As the layer's /opt/bootstrap: the handler's file has to be executable."""

_LAST_WORD: Final = 0.2
"""Seconds in which a process that broke off its answer is found to have died of it."""


class _Sink(Protocol):
    async def begin(self, head: Head) -> None: ...
    async def put(self, piece: bytes) -> None: ...


@final
class WebEnvironment(Environment):
    def __init__(
        self,
        spec: FunctionSpec,
        web: WebProcess,
        *,
        clock: Callable[[], datetime],
        log: Callable[[str], None],
    ) -> None:
        super().__init__(spec, clock=clock, log=log)
        self._port = ReservedPort()
        self._wrapper = web.wrapper
        self._readiness = Readiness(self._port.number, web)
        self._tasks: set[Task[None]] = set()

    @override
    async def invoke(self, request_id: str, payload: bytes) -> bytes:
        response = BufferedResponse()
        await self._answer(request_id, payload, response)
        return response.payload()

    @override
    async def relay(self, request_id: str, payload: bytes, stream: Stream) -> None:
        await self._answer(request_id, payload, stream)

    @override
    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._port.release()
        await super().stop()

    @override
    async def _spawn(self, credentials: Mapping[str, str]) -> RuntimeProcess:
        wrapper = self._wrapper
        handler = self._spec.folder / self._spec.handler
        if wrapper is None and not os.access(handler, os.X_OK):
            msg = f"cannot execute {handler}: Lambda runs it as a program (chmod +x)"
            raise InitFailedError(msg)
        port = str(self._port.number)
        variables = environment_variables(
            self._spec,
            credentials,
            # Two edits within a second must not leave a stale .pyc behind.
            own={
                "AWS_LWA_PORT": port,
                "PORT": port,
                "PYTHONDONTWRITEBYTECODE": "1",
                # What is printed shows at once, and not when a buffer is full.
                "PYTHONUNBUFFERED": "1",
            },
        )
        command = _BOOTSTRAP if wrapper is None else (str(wrapper),)
        return self._run(command, variables)

    @override
    def _ready(self) -> Future[None]:
        return self._begin(self._become_ready())

    async def _become_ready(self) -> None:
        await self._readiness.wait()
        self._port.release()

    @override
    def _not_ready(self) -> str:
        return f": {self._readiness.problem}"

    async def _answer(self, request_id: str, payload: bytes, sink: _Sink) -> None:
        process = self._running_process()
        limit = self._spec.timeout_seconds
        deadline = self._clock() + timedelta(seconds=limit)
        request, body = request_of(
            payload, self._spec, request_id=request_id, deadline=deadline
        )
        work = self._begin(self._pass_on(request, body, sink))
        if not await first_of(work, seconds=limit):
            work.cancel()
            process.kill()
            await process.ended
            raise self._timed_out(request_id, limit)
        if work.cancelled():  # by stop()
            await process.ended
            raise self._crashed(request_id, process)
        try:
            work.result()
        except BrokenOffError as error:
            raise await self._broken_off(request_id, process, error) from error

    async def _pass_on(self, request: h11.Request, body: bytes, sink: _Sink) -> None:
        async with Exchange(self._port.number) as exchange:
            exchange.send(request, body)
            await sink.begin(await exchange.head())
            async for piece in exchange.pieces():
                await sink.put(piece)

    async def _broken_off(
        self, request_id: str, process: RuntimeProcess, error: BrokenOffError
    ) -> InvocationError:
        if not await first_of(process.ended, seconds=_LAST_WORD):
            return FunctionFailedError("Adapter.BrokenOff", str(error))
        if isinstance(error, ConnectError):
            return DiedIdleError()
        return self._crashed(request_id, process)

    def _begin(self, work: Coroutine[Any, Any, None]) -> Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
