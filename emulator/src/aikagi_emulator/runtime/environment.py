"""One execution environment: a process, and how events reach it."""

import asyncio
from abc import ABC, abstractmethod
from asyncio import Future
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, final

from aikagi_emulator.runtime.errors import (
    FunctionCrashedError,
    FunctionTimedOutError,
    InitFailedError,
    InvocationError,
)
from aikagi_emulator.runtime.function import FunctionSpec
from aikagi_emulator.runtime.missing_module import missing_module
from aikagi_emulator.runtime.process import RuntimeProcess
from aikagi_emulator.runtime.stream import Stream

_SHORTEST_INIT_LIMIT: Final = 10
"""Seconds for loading the code.

Where that is too short Lambda loads it again within the first invocation, so a
function with a longer timeout has, in effect, that long.
"""


@final
class DiedIdleError(InvocationError):
    """The process had ended before it took the event; another may take it."""


class Environment(ABC):
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
        self._process: RuntimeProcess | None = None
        self._stopped = False
        self._hints: set[str] = set()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.running

    async def start(
        self, credentials: Mapping[str, str], *, at_least: int = _SHORTEST_INIT_LIMIT
    ) -> None:
        """Start the process and wait until its code has been loaded.

        That may take the function's timeout, or ``at_least`` so many seconds.

        Raises:
            InitFailedError: the code cannot be loaded, or ends while it is.
            FunctionTimedOutError: loading takes longer than it may.
        """
        self._process = process = await self._spawn(credentials)
        limit = max(at_least, self._spec.timeout_seconds)
        ready = self._ready()
        if not await first_of(ready, process.ended, seconds=limit):
            raise self._timed_out("Init", limit, self._not_ready())
        if not ready.done():
            msg = f"Runtime exited with error: {process.how_it_ended}, while loading"
            raise InitFailedError(msg)
        ready.result()

    @abstractmethod
    async def invoke(self, request_id: str, payload: bytes) -> bytes:
        """Run the function with ``payload`` (JSON) and return its response (JSON).

        Raises:
            InvocationError: see ``runtime.errors``; or ``DiedIdleError``.
        """

    @abstractmethod
    async def relay(self, request_id: str, payload: bytes, stream: Stream) -> None:
        """Run the function with ``payload`` and pass its answer on as it is made.

        Returns when the function has done its work and ``stream`` has taken all of it.

        Raises:
            InvocationError: as ``invoke``; part of the answer may have passed.
        """

    async def stop(self) -> None:
        """Kill the process, its children in the group, and let go of everything."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()
            await self._process.ended

    @abstractmethod
    async def _spawn(self, credentials: Mapping[str, str]) -> RuntimeProcess: ...

    @abstractmethod
    def _ready(self) -> Future[None]:
        """Return what is done once the process takes events."""

    def _not_ready(self) -> str:
        """Say what the process has not done, where more than loading is wanted."""
        return ""

    def _run(
        self, command: tuple[str, ...], variables: Mapping[str, str]
    ) -> RuntimeProcess:
        if self._stopped:
            msg = "stopped before it had started"
            raise InitFailedError(msg)
        try:
            return RuntimeProcess(
                folder=self._spec.folder,
                command=command,
                variables=variables,
                log=self._log_output,
            )
        except OSError as error:
            msg = f"cannot start in {self._spec.folder}: {error}"
            raise InitFailedError(msg) from error

    def _log_output(self, line: str) -> None:
        self._log(line)
        hint = missing_module(line, self._spec)
        if hint is not None and hint not in self._hints:
            self._hints.add(hint)
            self._log(hint)

    def _running_process(self) -> RuntimeProcess:
        if self._process is None:
            raise DiedIdleError
        return self._process

    def _crashed(
        self, request_id: str, process: RuntimeProcess
    ) -> FunctionCrashedError:
        msg = f"Runtime exited with error: {process.how_it_ended}"
        self._log(f"RequestId: {request_id} Error: {msg}")
        return FunctionCrashedError(msg)

    def _timed_out(
        self, request_id: str, seconds: int, more: str = ""
    ) -> FunctionTimedOutError:
        line = f"{request_id} Task timed out after {seconds:.2f} seconds{more}"
        self._log(f"{self._clock():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z {line}")
        return FunctionTimedOutError(line)


async def first_of(*futures: Future[Any], seconds: float) -> bool:
    """Wait until one of ``futures`` is done; False when none is in time."""
    done, _ = await asyncio.wait(
        futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
    )
    return bool(done)
