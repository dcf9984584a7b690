"""Children that end with us: real processes, no sleeping."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aikagi_emulator.children import Child

PYTHON = sys.executable
# Says that it is up by opening a pipe, then waits for ever, and so does its child.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
open(sys.argv[1], "w").close()
time.sleep(3600)
"""
POLITE = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
open(sys.argv[1], "w").close()
signal.pause()
"""
PARENT = """
import sys, time
from aikagi_emulator.children import Child
Child([sys.executable, "-c", sys.argv[1], sys.argv[2]], variables={})
time.sleep(3600)
"""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "up"
    os.mkfifo(path)
    return path


def wait_until_up(pipe: Path, writers: int = 1) -> None:
    for _ in range(writers):
        pipe.open("rb").close()


def wait_until_gone(group: int) -> None:
    """Return once no process of the group is left."""
    gone = threading.Event()
    while not gone.wait(0.01):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            gone.set()


def test_a_child_gets_its_variables_and_no_others(tmp_path: Path):
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'w').write(repr(sorted(os.environ)))"

    child = Child([PYTHON, "-c", code], variables={"ONE": "1"})
    status = asyncio.run(child.ended())
    child.end(patience=0)

    assert status == 0
    assert set(eval(out.read_text())) - {"LC_CTYPE"} == {"ONE"}  # noqa: S307 - our own words


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param("raise SystemExit(3)", 3, id="by itself"),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, id="killed"
        ),
    ],
)
def test_how_a_child_ended_is_told(code: str, status: int):
    child = Child([PYTHON, "-c", code], variables={})

    assert asyncio.run(child.ended()) == status
    child.end(patience=0)


def test_a_polite_child_ends_when_asked(pipe: Path):
    child = Child([PYTHON, "-c", POLITE, str(pipe)], variables={})
    wait_until_up(pipe)

    child.end(patience=10)

    assert child._popen.returncode == 0


def test_a_stubborn_child_and_its_children_are_killed(pipe: Path):
    child = Child([PYTHON, "-c", STUBBORN, str(pipe)], variables={})
    wait_until_up(pipe)

    child.end(patience=0)

    assert child._popen.returncode == -signal.SIGKILL
    wait_until_gone(child.pid)


def test_a_program_that_cannot_be_started_says_so():
    child = Child(["/nonexistent/program"], variables={})

    assert asyncio.run(child.ended()) == 1
    child.end(patience=0)


def test_children_die_with_a_parent_that_is_killed(pipe: Path):
    code = STUBBORN.replace(
        'open(sys.argv[1], "w").close()',
        'open(sys.argv[1], "w").write(f"{os.getpgrp()}\\n")',
    )
    parent = subprocess.Popen([PYTHON, "-c", PARENT, code, str(pipe)], env={})
    group = int(pipe.read_text().split()[0])

    parent.kill()
    parent.wait()

    wait_until_gone(group)
