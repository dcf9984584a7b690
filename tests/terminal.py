"""A command at a terminal of its own, as a person meets it."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

from tests.stack import ROOT, clean_environment


class Terminal:
    """A command at a terminal of its own. ``seen`` is all that stood there."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        module: str = "aikagi",
        columns: int = 80,
        **variables: str,
    ) -> None:
        self._ours, theirs = pty.openpty()
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        environment = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **variables}
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env=clean_environment(**environment),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def wait_for(self, text: str) -> None:
        while text not in self.seen:
            self.wait_for_more()

    def wait_for_more(self) -> None:
        self.seen += os.read(self._ours, 4096).decode(errors="replace")

    def type(self, line: str) -> None:
        os.write(self._ours, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Do what Ctrl-C does to a command that has started no other."""
        self._process.send_signal(signal.SIGINT)

    def press_ctrl_c(self) -> None:
        """Interrupt the command and all that it has started, as a terminal does."""
        os.killpg(self._process.pid, signal.SIGINT)

    def finish(self) -> int:
        try:
            while more := os.read(self._ours, 4096):
                self.seen += more.decode(errors="replace")
        except OSError:  # how Linux tells that the other side is gone
            pass
        os.close(self._ours)
        return self._process.wait(30)
