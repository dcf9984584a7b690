"""Child processes that end when we end, however we end.

Also a program: ``children.py FD PROGRAM ARGUMENT…`` ties its own process group to the
pipe behind ``FD``, then becomes the program. We hold the only writing end, so the
pipe hangs up when this process dies, and the kernel kills the group: see F_SETSIG and
O_ASYNC in fcntl(2). PR_SET_PDEATHSIG follows the forking thread and spares
grandchildren, such as the worker of a reloading server.
"""

import asyncio
import fcntl
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final


@final
class Child:
    """A started program in a process group of its own. Output goes where ours goes.

    Raises ``OSError`` when it cannot be started.
    """

    def __init__(self, command: Sequence[str], *, variables: Mapping[str, str]) -> None:
        watched, self._lifeline = os.pipe()
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - our own interpreter and file
                [
                    *(sys.executable, "-I", "-S", str(Path(__file__).resolve())),
                    *(str(watched), *command),
                ],
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                pass_fds=(watched,),
                start_new_session=True,
            )
        except OSError:
            os.close(self._lifeline)
            raise
        finally:
            os.close(watched)
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


def _main() -> None:
    fd, command = int(sys.argv[1]), sys.argv[2:]
    fcntl.fcntl(fd, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
    # Whoever started us may have died before that: look once more.
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    if any(flags & select.POLLHUP for _, flags in poll.poll(0)):
        sys.exit("whoever started this process is gone")
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    _main()
