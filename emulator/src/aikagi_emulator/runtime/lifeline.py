"""Tie this process group's life to a pipe, then become the runtime.

Run as a program, in a process group of its own: ``lifeline.py FD COMMAND…``, the
command's first word being the path of a program.
The launcher holds the only writing end of the pipe behind ``FD``, so it closes when
the launcher ends, however it ends. From then on the kernel itself kills the whole
group: no thread, no second process and no code of the function takes part.

PR_SET_PDEATHSIG would not do: it follows the thread that forked, reaches only this
process and not its children, and misses a launcher that dies before it is set.
"""

import fcntl
import os
import select
import signal
import sys


def arm(fd: int) -> None:
    """Have the kernel send SIGKILL to this process group when ``fd`` hangs up.

    See F_SETSIG and O_ASYNC in fcntl(2). Nothing is ever written to the pipe.
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
    # The launcher may have died before the pipe was armed: arm first, then look.
    if has_hung_up(fd):
        sys.exit("the launcher is gone")
    # The descriptor stays open across exec, on purpose.
    os.execv(command[0], command)  # noqa: S606  # no shell is the point


if __name__ == "__main__":
    main()
