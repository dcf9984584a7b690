"""A running stack for anybody's tests: the fixture ``aws_stack``.

The stack is a process of its own on free ports, so that neither its moto nor its
environment meets that of the tests, and it ends with them, however they end.
"""

import asyncio
import json
import os
import random
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import pytest
from dotenv import dotenv_values

from aikagi_emulator.children import Child
from aikagi_emulator.control import Controls

_PATIENCE: Final = 30.0
"""Seconds until a stack must have started."""
_POLL: Final = 0.005
_BLOCKS: Final = range(10_000, 32_000, 200)
"""Below the ports that the kernel gives to connections: ip_local_port_range, ip(7)."""
_NEIGHBOURS: Final = (0, 100, *range(101, 111))
"""The ports of a broker, AWS and up to ten functions, counted from the first."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsStack:
    """``operator`` are the variables of somebody who may do everything in it.

    ``functions`` are by name in the catalogue, or by logical id where the template
    has no broker; ``broker`` is None then. ``controls`` move its clock and order
    faults: ``controls.reset()`` takes both back. Refusals explain themselves in the
    header ``x-aikagi-why``.
    """

    endpoint: str
    functions: Mapping[str, str]
    region: str
    operator: Mapping[str, str] = field(repr=False)
    controls: Controls = field(repr=False)
    broker: str | None = None


@pytest.fixture(scope="session")
def aws_stack_template(pytestconfig: pytest.Config) -> Path:
    """The template to start. Override this fixture to name another."""
    return pytestconfig.rootpath / "template.yaml"


@pytest.fixture(scope="session")
def aws_stack(
    aws_stack_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AwsStack]:
    """One stack for the whole session, on free ports."""
    with running_stack(aws_stack_template, tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@contextmanager
def running_stack(template: Path, folder: Path) -> Iterator[AwsStack]:
    """A stack that answers, as long as the context lasts; ``folder`` is its own.

    Raises ``RuntimeError`` when it does not start; its words are on standard error.
    """
    with free_ports() as port, _started(template, folder, port) as child:
        asyncio.run(_answers(child, folder / str(port) / "stack.json"))
        told = _read(folder / str(port) / "stack.json")
        found = dotenv_values(folder / str(port) / "operator.env")
        operator = {name: text or "" for name, text in found.items()}
        yield AwsStack(
            endpoint=told["Endpoint"],
            functions=told["Functions"],
            region=told["Region"],
            operator=operator,
            controls=Controls(variables=operator),
            broker=told["Broker"],
        )


@contextmanager
def _started(template: Path, folder: Path, port: int) -> Iterator[Child]:
    child = Child(
        [
            *(
                sys.executable,
                "-m",
                "aikagi_emulator",
                "--template",
                str(template.resolve()),
            ),
            *("--port", str(port), "--state", str(folder), "--explain"),
        ],
        variables=_variables(),
    )
    try:
        yield child
    finally:
        child.end(patience=5)


def _variables() -> dict[str, str]:
    """Everything but what leads to an account, of which the start would warn."""
    kept = {
        name: text for name, text in os.environ.items() if not name.startswith("AWS_")
    }
    package = str(Path(__file__).parent.parent)
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **kept,
        "AIKAGI_LOG_LEVEL": os.environ.get("AIKAGI_LOG_LEVEL", "WARNING"),
        "PYTHONPATH": os.pathsep.join(paths),
    }


async def _answers(child: Child, description: Path) -> None:
    """Wait for ``stack.json``, which is written once everything answers."""
    ended = asyncio.ensure_future(child.ended())
    try:
        async with asyncio.timeout(_PATIENCE):
            while not _is_there(description):
                if ended.done():
                    msg = f"the stack ended with exit status {ended.result()}"
                    raise RuntimeError(msg)
                await asyncio.sleep(_POLL)
    except TimeoutError as error:
        msg = f"the stack did not answer within {_PATIENCE:.0f} seconds"
        raise RuntimeError(msg) from error
    finally:
        ended.cancel()


def _is_there(path: Path) -> bool:
    return path.exists()


def _read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


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
