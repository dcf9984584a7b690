"""Things to hold on to while real processes run."""

import asyncio
import json
import os
import select
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Condition
from typing import Any

from aikagi_emulator.runtime import Pool

PATIENCE = 30.0
"""Seconds any wait may take before it is a failure. Nothing takes nearly as long."""


class Log:
    """A log sink that one can wait on."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._changed = Condition()

    def __call__(self, name: str, line: str) -> None:
        with self._changed:
            self.lines.append((name, line))
            self._changed.notify_all()

    def wait_for(self, text: str, *, times: int = 1) -> None:
        def enough() -> bool:
            return sum(text in line for _, line in self.lines) >= times

        with self._changed:
            assert self._changed.wait_for(enough, PATIENCE), self.lines


class Clock:
    """The time, with an offset that a test may move."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


class Latch:
    """A named pipe on which handlers wait until a test lets them go."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)

    def release(self) -> None:
        """Blocks until somebody waits."""
        self.path.write_text("go")


def ends(pid: int, *, within: float = PATIENCE) -> bool:
    """Whether the process is dead, or dies within that many seconds."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        return bool(poll.poll(within * 1000))
    finally:
        os.close(watched)


def invoke(pool: Pool, **event: object) -> Any:
    """Invoke the function with ``event`` and return what it returned."""
    return json.loads(asyncio.run(pool.invoke(event)))
