"""Processes that end when this one ends, however it ends.

Also a program: ``lifeline.py FD COMMAND…`` ties its own process group to the pipe
behind ``FD``, then becomes the command, whose first word is the path of a program.
Whoever started it holds the only writing end, so the pipe closes with that process.
From then on the kernel itself kills the whole group: no thread, no second process and
no code of the command takes part.

PR_SET_PDEATHSIG would not do: it follows the thread that forked, reaches only this
process and not its children, such as the worker of a reloading server, and misses a
parent that dies before it is set.
"""

import fcntl
import os
import select
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Slow to import, and this file is run before every process that is started.
    import subprocess
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any


def start(
    command: "Sequence[str]",
    *,
    variables: "Mapping[str, str]",
    folder: "Path | None" = None,
    **streams: "Any",  # noqa: ANN401 - as Popen's own
) -> "tuple[subprocess.Popen[bytes], int]":
    """Start ``command`` in a session and process group of its own.

    Returns the process and the descriptor whose closing kills its group; nothing is
    ever written to it. ``streams`` are ``stdin``, ``stdout`` and ``stderr``, as
    ``subprocess.Popen`` has them. Raises ``OSError`` when it cannot be started.
    """
    import subprocess

    watched, held = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            [sys.executable, "-I", "-S", __file__, str(watched), *command],
            cwd=folder,
            env=dict(variables),
            pass_fds=(watched,),
            start_new_session=True,
            **streams,
        )
    except OSError:
        os.close(held)
        raise
    finally:
        os.close(watched)
    return process, held


def arm(fd: int) -> None:
    """Have the kernel send SIGKILL to this process group when ``fd`` hangs up.

    See F_SETSIG and O_ASYNC in fcntl(2).
    """
    fcntl.fcntl(fd, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)


def has_hung_up(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return any(flags & select.POLLHUP for _, flags in poll.poll(0))


def main() -> None:
    fd, command = int(sys.argv[1]), sys.argv[2:]
    arm(fd)
    # The parent may have died before the pipe was armed: arm first, then look.
    if has_hung_up(fd):
        sys.exit("whoever started this process is gone")
    # The descriptor stays open across exec, on purpose.
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
