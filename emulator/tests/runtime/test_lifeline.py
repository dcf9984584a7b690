"""However the launcher dies, no process outlives it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aikagi_emulator import lifeline
from emulator.tests.runtime.running import PATIENCE, ends
from emulator.tests.runtime.web import ADAPTER, VARIABLES, event, write_function

LAUNCHER = """
import asyncio, json, os, sys
from datetime import UTC, datetime
from pathlib import Path
from aikagi_emulator.runtime import FunctionSpec, Pool

def say(line):
    # At once, for print() lets another thread write between a line and its end.
    os.write(1, f"{line}\\n".encode())

pool = Pool(
    FunctionSpec(
        name="hello", arn="arn:aws:lambda:ap-northeast-1:123456789012:function:hello",
        folder=Path(sys.argv[1]), timeout_seconds=600,
        **{"handler": "code.handler", **json.loads(sys.argv[2])},
    ),
    credentials=dict,
    clock=lambda: datetime.now(UTC),
    log=lambda name, line: say(line),
)

async def main():
    if pool.streams:
        await pool.stream(json.loads(sys.argv[3]))
        await asyncio.sleep(600)
    hanging = asyncio.create_task(pool.invoke({"do": "hang"}))
    while not hanging.done():
        say(f"idle {(await pool.invoke({})).decode()}")
        await hanging

asyncio.run(main())
"""

CODE = """
import json, os, subprocess, time

def handler(event, context):
    if event:
        child = subprocess.Popen(["sleep", "600"])
        print("pids", os.getpid(), child.pid, flush=True)
        try:
            time.sleep(600)
        except BaseException:
            time.sleep(600)
    return os.getpid()
"""


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A launcher with a busy environment, that one's child, and an idle one."""
    (tmp_path / "code.py").write_text(CODE)
    started = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(tmp_path), "{}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        yield started
        started.kill()


def pids_of(launcher: subprocess.Popen[str], *, number: int = 3) -> list[int]:
    assert launcher.stdout is not None
    pids: list[int] = []
    while len(pids) < number:
        line = launcher.stdout.readline()
        assert line, "the launcher ended"
        pids += [int(word) for word in line.split() if word.isdigit()]
    return pids


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_a_launcher_that_is_killed(
    launcher: subprocess.Popen[str], number: signal.Signals
):
    pids = pids_of(launcher)
    assert not any(ends(pid, within=0) for pid in pids)

    launcher.send_signal(number)

    assert all(ends(pid, within=5) for pid in pids)


def test_no_web_process_outlives_a_launcher_that_is_killed(tmp_path: Path):
    web = {"handler": "run.sh", "layers": [ADAPTER], "variables": VARIABLES}
    arguments = [json.dumps(web), json.dumps(event("/hang"))]
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(write_function(tmp_path)), *arguments],
        stdout=subprocess.PIPE,
        text=True,
    ) as launcher:
        pids = pids_of(launcher, number=2)

        launcher.kill()

    assert all(ends(pid, within=5) for pid in pids)


def start(pipe: int, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, lifeline.__file__, str(pipe)),
            *(sys.executable, "-m", "awslambdaric", "code.handler"),
        ],
        env={**variables, "PATH": os.environ["PATH"]},
        pass_fds=(pipe,),
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_a_process_whose_launcher_is_gone_already_never_becomes_the_runtime():
    reading, writing = os.pipe()
    os.close(writing)

    with start(reading, {}) as process:
        os.close(reading)
        _, said = process.communicate(timeout=PATIENCE)

    # Either the kernel told it while it armed the pipe, or it looked itself.
    assert process.returncode in (1, -signal.SIGKILL)
    assert process.returncode != 1 or said == b"whoever started this process is gone\n"


def test_a_process_whose_launcher_lives_becomes_the_runtime_until_the_pipe_closes():
    reading, writing = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        host, port = server.getsockname()

        with start(reading, {"AWS_LAMBDA_RUNTIME_API": f"{host}:{port}"}) as process:
            os.close(reading)
            connection, _ = server.accept()  # only the runtime connects
            connection.close()
            os.close(writing)
            process.communicate(timeout=PATIENCE)

    assert process.returncode == -signal.SIGKILL


def test_a_pipe_has_hung_up_only_when_its_last_writer_has_closed_it():
    reading, writing = os.pipe()
    another = os.dup(writing)

    seen = [lifeline.has_hung_up(reading)]
    os.close(writing)
    seen.append(lifeline.has_hung_up(reading))
    os.close(another)
    seen.append(lifeline.has_hung_up(reading))

    os.close(reading)
    assert seen == [False, False, True]
