"""Who may speak to the Runtime API of an environment."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aikagi_emulator.runtime import Pool
from aikagi_emulator.runtime.peers import is_connected, read_table
from emulator.tests.runtime.running import Log, invoke

CONNECT = """
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
sys.stdin.read()
"""


def test_a_connection_is_of_the_group_whose_process_holds_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with subprocess.Popen(
            [sys.executable, "-c", CONNECT, str(port)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        ) as child:
            accepted, (_, theirs) = server.accept()
            assert is_connected(child.pid, theirs, to=port)
            assert not is_connected(os.getpgrp(), theirs, to=port)
            assert not is_connected(child.pid, theirs, to=port + 1)
            accepted.close()
            child.communicate()
        assert not is_connected(child.pid, theirs, to=port)


class TableWithGaps:
    """The kernel's table, in which its first readings miss one connection."""

    def __init__(self, port: int, *, gaps: int) -> None:
        self.readings = 0
        self._local = f"0100007F:{port:04X}"
        self._gaps = gaps

    def __call__(self) -> str:
        self.readings += 1
        lines = read_table().splitlines(keepends=True)
        if self.readings <= self._gaps:
            lines = [line for line in lines if line.split()[1] != self._local]
        return "".join(lines)


@pytest.fixture
def connection() -> Iterator[tuple[int, int]]:
    """Connect this process to itself; the ports of the two ends."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as ours,
    ):
        yield ours.getsockname()[1], server.getsockname()[1]


@pytest.mark.parametrize(("gaps", "readings"), [(0, 1), (1, 2), (2, 3)])
def test_a_connection_that_a_reading_misses_is_found_by_the_next(
    connection: tuple[int, int], gaps: int, readings: int
):
    port, to = connection
    table = TableWithGaps(port, gaps=gaps)

    assert is_connected(os.getpgrp(), port, to=to, read=table)
    assert table.readings == readings


def test_a_connection_that_is_not_there_is_not_looked_for_for_ever(
    connection: tuple[int, int],
):
    port, to = connection
    table = TableWithGaps(port, gaps=1_000_000)

    assert not is_connected(os.getpgrp(), port, to=to, read=table)
    assert table.readings == 3


def test_a_connection_of_another_group_is_refused_however_often_it_is_read(
    connection: tuple[int, int],
):
    port, to = connection
    with subprocess.Popen(
        [sys.executable, "-c", "input()"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as stranger:
        for gaps in range(4):
            table = TableWithGaps(port, gaps=gaps)
            assert not is_connected(stranger.pid, port, to=to, read=table)
        stranger.communicate()


def test_a_stranger_is_never_given_an_event(make_pool: Callable[..., Pool], log: Log):
    pool = make_pool()
    address = invoke(pool, do="environment")["variables"]["AWS_LAMBDA_RUNTIME_API"]

    async def both() -> tuple[bytes, Any]:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        heard = b""
        # What it sent was never read, so the connection may be reset.
        with contextlib.suppress(ConnectionResetError):
            heard = await reader.read()
        writer.close()
        return heard, json.loads(await pool.invoke({}))

    heard, answer = asyncio.run(both())

    assert heard == b""
    assert answer["calls"] == 2
    log.wait_for("Runtime API: a connection of another process was refused")
