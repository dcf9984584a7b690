"""Child processes that end when we end, however we end: see ``lifeline``."""

import asyncio
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from aikagi_emulator import lifeline


@final
class Child:
    """A started program in a process group of its own. Output goes where ours goes.

    Raises ``OSError`` when it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        variables: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self._popen, self._lifeline = lifeline.start(
            command, variables=variables, folder=folder, stdin=subprocess.DEVNULL
        )
        self._pidfd = os.pidfd_open(self._popen.pid)

    @property
    def pid(self) -> int:
        return self._popen.pid

    async def ended(self) -> int:
        """Wait until it ends by itself; negative when a signal ended it."""
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._pidfd, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._pidfd)
        return self._exit_status()

    def _exit_status(self) -> int:
        # Left unreaped, so that the number of its group stays taken until `end`.
        how = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        if how is None:
            return 0
        return how.si_status if how.si_code == os.CLD_EXITED else -how.si_status

    def end(self, *, patience: float) -> None:
        """Ask the group to end, and kill what is left of it after some seconds."""
        os.killpg(self.pid, signal.SIGTERM)
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        poll.poll(patience * 1000)
        os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        os.close(self._pidfd)
        os.close(self._lifeline)
