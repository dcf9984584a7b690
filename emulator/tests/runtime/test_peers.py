"""Who may speak to the Runtime API of an environment."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from aikagi_emulator.runtime import Pool
from aikagi_emulator.runtime.peers import is_connected
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
