"""One execution environment: a process, and the Runtime API it talks to."""

import asyncio
import os
from asyncio import Future
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, final

from local.runtime.errors import (
    FunctionCrashedError,
    FunctionTimedOutError,
    InitFailedError,
    InvocationError,
)
from local.runtime.function import FunctionSpec
from local.runtime.process import RuntimeProcess
from local.runtime.runtime_api import Invocation, RuntimeApi
from local.runtime.variables import environment_variables

_SHORTEST_INIT_LIMIT: Final = 10
"""Seconds for loading the code.

Where that is too short Lambda loads it again within the first invocation, so a
function with a longer timeout has, in effect, that long.
"""


@final
class DiedIdleError(InvocationError):
    """The process had ended before it took the event; another may take it."""


@final
class Environment:
    """Runs one invocation at a time. It belongs to the running event loop."""

    def __init__(
        self,
        spec: FunctionSpec,
        *,
        clock: Callable[[], datetime],
        log: Callable[[str], None],
    ) -> None:
        self.started_at = clock()
        self._spec = spec
        self._clock = clock
        self._log = log
        self._api = RuntimeApi(spec.arn, log=log)
        self._process: RuntimeProcess | None = None
        self._stopped = False

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.running

    async def start(self, credentials: Mapping[str, str]) -> None:
        """Start the process and wait until its code has been loaded.

        Raises:
            InitFailedError: the code cannot be loaded, or ends while it is.
            FunctionTimedOutError: loading takes longer than it may.
        """
        process = await self._spawn(credentials)
        limit = max(_SHORTEST_INIT_LIMIT, self._spec.timeout_seconds)
        if not await _first(self._api.ready, process.ended, seconds=limit):
            raise self._timed_out("Init", limit)
        if not self._api.ready.done():
            msg = f"Runtime exited with error: {process.how_it_ended}, while loading"
            raise InitFailedError(msg)
        self._api.ready.result()

    async def invoke(self, request_id: str, payload: bytes) -> bytes:
        """Run the handler with ``payload`` (JSON) and return its response (JSON).

        Raises:
            InvocationError: see ``local.runtime.errors``; or ``DiedIdleError``.
        """
        process = self._running_process()
        limit = self._spec.timeout_seconds
        deadline = self._clock() + timedelta(seconds=limit)
        answered = self._api.offer(
            Invocation(request_id=request_id, payload=payload, deadline=deadline)
        )
        if not await _first(answered, process.ended, seconds=limit):
            process.kill()
            await process.ended
            raise self._timed_out(request_id, limit)
        if answered.done():
            return answered.result()
        if not self._api.was_taken:
            raise DiedIdleError
        msg = f"Runtime exited with error: {process.how_it_ended}"
        self._log(f"RequestId: {request_id} Error: {msg}")
        raise FunctionCrashedError(msg)

    async def stop(self) -> None:
        """Kill the process, its children in the group, and let go of everything."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()
            await self._process.ended
        await self._api.close()

    async def _spawn(self, credentials: Mapping[str, str]) -> RuntimeProcess:
        address = await self._api.open()
        if self._stopped:
            msg = "stopped before it had started"
            raise InitFailedError(msg)
        variables = environment_variables(
            self._spec,
            credentials,
            runtime_api=address,
            path=os.environ.get("PATH", os.defpath),
        )
        try:
            self._process = RuntimeProcess(
                folder=self._spec.folder,
                handler=self._spec.handler,
                variables=variables,
                log=self._log,
            )
        except OSError as error:
            msg = f"cannot start in {self._spec.folder}: {error}"
            raise InitFailedError(msg) from error
        return self._process

    def _running_process(self) -> RuntimeProcess:
        if self._process is None:
            raise DiedIdleError
        return self._process

    def _timed_out(self, request_id: str, seconds: int) -> FunctionTimedOutError:
        line = f"{request_id} Task timed out after {seconds:.2f} seconds"
        self._log(f"{self._clock():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z {line}")
        return FunctionTimedOutError(line)


async def _first(*futures: Future[Any], seconds: float) -> bool:
    """Wait until one of ``futures`` is done; False when none is in time."""
    done, _ = await asyncio.wait(
        futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
    )
    return bool(done)
