"""A whole stack as a process, started and ended as a developer would."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from dotenv import dotenv_values

from aikagi_emulator.control import Controls
from aikagi_emulator.pytest_plugin import free_ports

ROOT: Final = Path(__file__).parent.parent
READY: Final = "ready in "
_PATIENCE: Final = 60
"""Seconds, on a machine that does much else."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that answers. ``log`` grows; ``state`` is its folder of files."""

    process: subprocess.Popen[str]
    log: list[str] = field(repr=False)
    state: Path
    port: int

    @property
    def description(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.state / "stack.json").read_text())
        return read

    @property
    def broker(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> str:
        return str(self.description["Endpoint"])

    @property
    def region(self) -> str:
        return str(self.description["Region"])

    @property
    def functions(self) -> dict[str, str]:
        return dict(self.description["Functions"])

    @property
    def users(self) -> dict[str, str]:
        return {
            user["Username"]: user["Password"] for user in self.description["Users"]
        }

    @property
    def controls(self) -> Controls:
        """Its clock and its faults. Whoever moves them has to ``reset`` them."""
        return Controls(variables=self.variables("operator.env"))

    def variables(self, name: str = "env") -> dict[str, str]:
        """Read ``env`` or ``operator.env``."""
        found = dotenv_values(self.state / name)
        return {key: value or "" for key, value in found.items()}

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and give the exit status."""
        self.process.send_signal(number)
        return self.process.wait(_PATIENCE)


def clean_environment(**more: str) -> dict[str, str]:
    """Give this process's environment without what would lead an SDK elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "AIKAGI_"))
    }
    return {**kept, **more}


def launch(
    port: int, state: Path, *, template: Path | None = None, **variables: str
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "aikagi_emulator", "--port", str(port)]
    command += ["--state", str(state)]
    command += ["--template", str(template)] if template else []
    return subprocess.Popen(
        command,
        cwd=template.parent if template else ROOT,
        env=clean_environment(PYTHONPATH=str(ROOT), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def running_stack(
    state: Path,
    *,
    template: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Start a stack, wait until it says it is ready, and end it in the end."""
    with free_ports() as port:
        yield from _running(port, state, template, variables or {})


def _running(
    port: int, state: Path, template: Path | None, variables: Mapping[str, str]
) -> Iterator[Stack]:
    process = launch(port, state, template=template, **variables)
    log: list[str] = []
    ready = threading.Event()
    assert process.stdout
    reading = threading.Thread(
        target=_read, args=(process.stdout, log, ready), daemon=True
    )
    reading.start()
    try:
        assert ready.wait(_PATIENCE), "".join(log)
        assert process.poll() is None, "".join(log)
        yield Stack(process=process, log=log, state=state / str(port), port=port)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(_PATIENCE)
        reading.join(_PATIENCE)
        # Whoever outlives the launcher holds the pipe open; closing it would wait.
        assert not reading.is_alive(), "a process of the stack outlived its launcher"
        process.stdout.close()


def _read(stream: IO[str], log: list[str], ready: threading.Event) -> None:
    for line in stream:
        log.append(line)
        if READY in line:
            ready.set()
    # What ends before it is ready has said why.
    ready.set()
