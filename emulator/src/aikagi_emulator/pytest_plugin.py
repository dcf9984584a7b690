"""A running stack for anybody's tests: the fixture ``aws_stack``.

The stack is a process of its own on free ports, so that neither its moto nor its
environment meets that of the tests, and it ends with them, however they end.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import pytest
from dotenv import dotenv_values

from aikagi_emulator import lifeline
from aikagi_emulator.control import Controls
from aikagi_emulator.launcher.announce import READY
from aikagi_emulator.launcher.project import FILE

_PATIENCE: Final = 60.0
"""Seconds until a stack must have started or ended, beside much else."""
_BLOCKS: Final = range(10_000, 32_000, 200)
"""Below the ports that the kernel gives to connections: ip_local_port_range, ip(7)."""
_NEIGHBOURS: Final = (0, *range(1, 6), 100, *range(101, 111))
"""The ports of an application, up to five HTTP APIs, AWS and up to ten functions,
counted from the first."""


@dataclass(frozen=True, kw_only=True)
class AwsStack:
    """A stack that answers.

    ``log`` are the lines that it has written so far, ``state`` is the folder of its
    files and ``port`` the first of its ports. Refusals explain themselves in the header
    ``x-emulator-refusal-reason``.
    """

    process: "subprocess.Popen[bytes]"
    log: list[str] = field(repr=False)
    state: Path
    port: int

    @property
    def description(self) -> dict[str, Any]:
        """Its ``stack.json``."""
        read: dict[str, Any] = json.loads((self.state / "stack.json").read_text())
        return read

    @property
    def endpoint(self) -> str:
        """Where AWS answers, for ``endpoint_url`` of any SDK."""
        return str(self.description["Endpoint"])

    @property
    def region(self) -> str:
        return str(self.description["Region"])

    @property
    def functions(self) -> dict[str, str]:
        """The URLs by the functions' names: logical ids, or the project's own."""
        return dict(self.description["Functions"])

    @property
    def http_apis(self) -> dict[str, str]:
        """Where the template's HTTP APIs answer, by their logical ids."""
        return dict(self.description.get("HttpApis", {}))

    @property
    def outputs(self) -> dict[str, str]:
        """The template's Outputs, by their names."""
        return dict(self.description.get("Outputs", {}))

    @property
    def operator(self) -> dict[str, str]:
        """The environment variables of somebody who may do everything in it."""
        return self.variables("operator.env")

    @property
    def controls(self) -> Controls:
        """Its clock and its faults. Whoever moves them has to ``reset`` them."""
        return Controls(variables=self.operator)

    def variables(self, name: str = "env") -> dict[str, str]:
        """Read ``env``, which the project's application has, or ``operator.env``."""
        found = dotenv_values(self.state / name)
        return {key: value or "" for key, value in found.items()}

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and give the exit status."""
        self.process.send_signal(number)
        return self.process.wait(_PATIENCE)


@pytest.fixture(scope="session")
def aws_stack_project(pytestconfig: pytest.Config) -> Path | None:
    """The project file: the one at the root of the tests, if there is one."""
    path = pytestconfig.rootpath / FILE
    return path if path.is_file() else None


@pytest.fixture(scope="session")
def aws_stack_template(
    pytestconfig: pytest.Config, aws_stack_project: Path | None
) -> Path | None:
    """The template to start. None is the project's."""
    return None if aws_stack_project else pytestconfig.rootpath / "template.yaml"


@pytest.fixture(scope="session")
def aws_stack(
    aws_stack_project: Path | None,
    aws_stack_template: Path | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AwsStack]:
    """One stack for the whole session, on free ports."""
    with running_stack(
        tmp_path_factory.mktemp("stack"),
        project=aws_stack_project,
        template=aws_stack_template,
    ) as stack:
        yield stack


@contextmanager
def running_stack(
    folder: Path,
    *,
    project: Path | None = None,
    template: Path | None = None,
    arguments: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> Iterator[AwsStack]:
    """A stack that answers, as long as the context lasts; ``folder`` is its own.

    ``arguments`` are more of the command line's, and ``variables`` the environment that
    it is started from: this process's without what leads to an account, unless given.
    Without a project it runs beside the template, and without both where we do.
    Raises ``RuntimeError`` with the stack's own words when it does not start.
    """
    chosen = ["--explain", "--state", str(folder.resolve()), *arguments]
    chosen += ["--project", str(project.resolve())] if project else []
    chosen += ["--template", str(template.resolve())] if template else []
    with (
        free_ports() as port,
        _started([*chosen, "--port", str(port)], variables, (project or template)) as (
            process,
            log,
        ),
    ):
        yield AwsStack(process=process, log=log, state=folder / str(port), port=port)


@contextmanager
def _started(
    arguments: Sequence[str], variables: Mapping[str, str] | None, beside: Path | None
) -> Iterator[tuple["subprocess.Popen[bytes]", list[str]]]:
    process, held = lifeline.start(
        [sys.executable, "-m", "aikagi_emulator", *arguments],
        variables=_without_account(os.environ) if variables is None else variables,
        # A project file of the working directory would have its say.
        folder=beside.resolve().parent if beside else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    log: list[str] = []
    ready = threading.Event()
    reading = threading.Thread(
        target=_read, args=(process.stdout, log, ready), daemon=True
    )
    reading.start()
    try:
        ready.wait(_PATIENCE)
        if not any(line.startswith(READY) for line in log):
            msg = f"the stack did not start:\n{''.join(log)}"
            raise RuntimeError(msg)
        yield process, log
    finally:
        process.terminate()
        process.wait(_PATIENCE)
        os.close(held)
        reading.join(_PATIENCE)
        # Whoever outlives the stack holds the pipe open; closing it would wait.
        if reading.is_alive():
            msg = "a process of the stack outlived it"
            raise RuntimeError(msg)
        if process.stdout is not None:
            process.stdout.close()


def _read(stream: IO[bytes], log: list[str], ready: threading.Event) -> None:
    for line in stream:
        log.append(line.decode(errors="replace"))
        if log[-1].startswith(READY):
            ready.set()
    # What ends before it is ready has said why.
    ready.set()


def _without_account(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: text for name, text in environment.items() if not name.startswith("AWS_")
    }


@contextmanager
def free_ports() -> Iterator[int]:
    """The first port of a free block, which is nobody else's until the context ends.

    Another process that looks for a block finds the last port of this one taken.
    """
    for first in random.sample(_BLOCKS, len(_BLOCKS)):
        with ExitStack() as mine, suppress(OSError):
            mine.enter_context(_bound(first + _BLOCKS.step - 1))
            with ExitStack() as tried:
                for neighbour in _NEIGHBOURS:
                    tried.enter_context(_bound(first + neighbour))
            claim = mine.pop_all()
            break
    else:
        msg = "no free ports"
        raise RuntimeError(msg)
    with claim:
        yield first


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound
