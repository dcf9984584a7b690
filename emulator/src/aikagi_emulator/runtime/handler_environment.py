"""An environment for a handler: the real ``awslambdaric`` and a Runtime API."""

from asyncio import Future
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import final

from typing_extensions import override

from aikagi_emulator.runtime.environment import DiedIdleError, Environment, first_of
from aikagi_emulator.runtime.function import FunctionSpec
from aikagi_emulator.runtime.process import RuntimeProcess
from aikagi_emulator.runtime.runtime_api import Invocation, RuntimeApi
from aikagi_emulator.runtime.stream import Stream
from aikagi_emulator.runtime.variables import environment_variables


@final
class HandlerEnvironment(Environment):
    def __init__(
        self,
        spec: FunctionSpec,
        *,
        clock: Callable[[], datetime],
        log: Callable[[str], None],
    ) -> None:
        super().__init__(spec, clock=clock, log=log)
        self._api = RuntimeApi(spec.arn, log=log)

    @override
    async def invoke(self, request_id: str, payload: bytes) -> bytes:
        process = self._running_process()
        limit = self._spec.timeout_seconds
        deadline = self._clock() + timedelta(seconds=limit)
        answered = self._api.offer(
            Invocation(request_id=request_id, payload=payload, deadline=deadline)
        )
        if not await first_of(answered, process.ended, seconds=limit):
            process.kill()
            await process.ended
            raise self._timed_out(request_id, limit)
        if answered.done():
            return answered.result()
        if not self._api.was_taken:
            raise DiedIdleError
        raise self._crashed(request_id, process)

    @override
    async def relay(self, request_id: str, payload: bytes, stream: Stream) -> None:
        msg = "awslambdaric cannot stream"
        raise NotImplementedError(msg)

    @override
    async def stop(self) -> None:
        await super().stop()
        await self._api.close()

    @override
    async def _spawn(self, credentials: Mapping[str, str]) -> RuntimeProcess:
        address = await self._api.open()
        variables = environment_variables(
            self._spec,
            credentials,
            own={"AWS_LAMBDA_RUNTIME_API": address},
        )
        # -B: two edits within a second must not leave a stale .pyc behind, and Lambda's
        # task folder is read-only too.
        python = str(self._spec.python)
        runtime = (python, "-B", "-m", "awslambdaric", self._spec.handler)
        process = self._run(runtime, variables)
        self._api.group = process.pid
        return process

    @override
    def _ready(self) -> Future[None]:
        return self._api.ready
