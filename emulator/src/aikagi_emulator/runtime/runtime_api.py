"""The Runtime API, for one environment.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import json
from asyncio import Future, StreamReader, StreamWriter, Task
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final, final

from aikagi_emulator.runtime.peers import is_connected
from aikagi_emulator.runtime.reports import handler_failure, init_failure, too_large
from aikagi_emulator.runtime.trace import trace_id
from aikagi_emulator.runtime.wire import Call, ProtocolError, answer, read_call

LARGEST_RESPONSE: Final = 6_291_556
"""Bytes: 6 MB, and a hundred that AWS adds."""

_PREFIX: Final = "/2018-06-01/runtime/"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One event on its way to a handler. ``payload`` is JSON."""

    request_id: str
    payload: bytes = field(repr=False)
    deadline: datetime


@final
class RuntimeApi:
    """Hands out invocations one at a time and takes their results.

    ``ready`` is done once the code has been loaded, or has failed to load with
    ``InitFailedError``. ``group`` is the process group that may speak to it, once it is
    known. It belongs to the running event loop.
    """

    def __init__(self, function_arn: str, *, log: Callable[[str], None]) -> None:
        self.group: int | None = None
        self.ready: Future[None] = asyncio.get_running_loop().create_future()
        self._arn = function_arn
        self._log = log
        self._waiting: asyncio.Queue[Invocation] = asyncio.Queue()
        self._current: tuple[str, Future[bytes]] | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[Task[None]] = set()

    async def open(self) -> str:
        """Listen on a free loopback port and return ``host:port``."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def offer(self, invocation: Invocation) -> Future[bytes]:
        """Queue an invocation for the process; the future is its response.

        The future fails with ``FunctionFailedError``; it is never done when the
        process dies, so wait for that too.
        """
        answered: Future[bytes] = asyncio.get_running_loop().create_future()
        self._current = (invocation.request_id, answered)
        self._waiting.put_nowait(invocation)
        return answered

    @property
    def was_taken(self) -> bool:
        """Whether what was offered last went out to the process, dead or alive."""
        return self._waiting.empty()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # asyncio runs this as a task
        self._connections.add(task)
        try:
            if not self._is_from_its_process(writer):
                self._log("Runtime API: a connection of another process was refused")
                return
            while call := await read_call(reader, writer, limit=LARGEST_RESPONSE):
                await self._respond(call, writer)
                await writer.drain()
        except (ProtocolError, ConnectionError) as error:
            self._log(f"Runtime API: {error!r}")
        except asyncio.CancelledError:
            # Only close() cancels, and Python 3.11 reports a cancelled handler as an
            # error of the loop: https://github.com/python/cpython/issues/113538
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def _is_from_its_process(self, writer: StreamWriter) -> bool:
        port = writer.get_extra_info("peername")[1]
        own = writer.get_extra_info("sockname")[1]
        return self.group is None or is_connected(self.group, port, to=own)

    async def _respond(self, call: Call, writer: StreamWriter) -> None:
        match call.method, call.target.removeprefix(_PREFIX).split("/"):
            case "GET", ["invocation", "next"]:
                await self._next(writer)
            case "POST", ["init", "error"]:
                self._init_failed(call)
                answer(writer, HTTPStatus.ACCEPTED)
            case "POST", ["invocation", request_id, ("response" | "error") as kind]:
                self._result(request_id, kind, call, writer)
            case _:
                problem = _problem("NotFound", f"{call.method} {call.target}")
                answer(writer, HTTPStatus.NOT_FOUND, problem)

    async def _next(self, writer: StreamWriter) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        invocation = await self._waiting.get()
        deadline = int(invocation.deadline.timestamp() * 1000)
        answer(
            writer,
            HTTPStatus.OK,
            invocation.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": self._arn,
                "Lambda-Runtime-Trace-Id": trace_id(invocation.deadline),
            },
        )

    def _init_failed(self, call: Call) -> None:
        if not self.ready.done():
            self.ready.set_exception(init_failure(call))

    def _result(
        self, request_id: str, kind: str, call: Call, writer: StreamWriter
    ) -> None:
        current, answered = self._current or ("", None)
        if answered is None or answered.done() or current != request_id:
            problem = _problem("InvalidRequestID", "Invalid request ID")
            answer(writer, HTTPStatus.BAD_REQUEST, problem)
        elif call.body is None:
            answered.set_exception(too_large(LARGEST_RESPONSE))
            problem = _problem(
                "RequestEntityTooLarge",
                f"Exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes).",
            )
            answer(writer, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problem)
        else:
            if kind == "error":
                answered.set_exception(handler_failure(call))
            else:
                answered.set_result(call.body)
            answer(writer, HTTPStatus.ACCEPTED)


def _problem(error_type: str, message: str) -> bytes:
    return json.dumps({"errorMessage": message, "errorType": error_type}).encode()
