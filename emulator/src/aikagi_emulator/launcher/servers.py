"""ASGI applications served inside this process, on sockets claimed before."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, final

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol


@final
class _Server(uvicorn.Server):
    """Leaves the signals to the launcher, which ends everything together."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@final
class _Protocol(H11Protocol):
    """Lets an application end its connection: ``scope["state"]["abort"]()``."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.app_state = {**self.app_state, "abort": transport.abort}


@final
class Servers:
    """Serves in the running event loop until ``close``; adds no ``Date``."""

    def __init__(self) -> None:
        self._servers: list[_Server] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, application: Any, claimed: socket.socket) -> None:  # noqa: ANN401 - any ASGI application
        server = _Server(
            uvicorn.Config(
                application,
                access_log=False,
                date_header=False,
                http=_Protocol,
                interface="asgi3",
                lifespan="off",
                log_config=None,
                loop="asyncio",
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=1,
                ws="none",
            )
        )
        self._servers.append(server)
        task = asyncio.create_task(server.serve(sockets=[claimed]))
        self._tasks.append(task)
        await server.answers.wait()

    async def close(self) -> None:
        for server in self._servers:
            server.should_exit = True
        if self._tasks:
            await asyncio.wait(self._tasks)
