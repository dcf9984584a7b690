"""One process group running a function."""

import asyncio
import io
import os
import re
import signal
import subprocess
from asyncio import Future
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, final

from aikagi_emulator import lifeline

_LONGEST_LINE: Final = 65_536
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
"""The runtime joins the lines of a traceback with a bare carriage return."""

_DRAIN_SECONDS: Final = 1.0


@final
class RuntimeProcess:
    """A started process. It belongs to the running event loop.

    ``command`` begins with a path. ``log`` gets each line of its output. ``ended`` is
    done once the process and its children in the group are dead and what they printed
    has been logged.
    """

    def __init__(
        self,
        *,
        folder: Path,
        command: Sequence[str],
        variables: Mapping[str, str],
        log: Callable[[str], None],
    ) -> None:
        self.ended: Future[None] = asyncio.get_running_loop().create_future()
        self._popen, self._lifeline = lifeline.start(
            command,
            variables=variables,
            folder=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._exited = asyncio.Event()
        self._pidfd = os.pidfd_open(self._popen.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._on_exit)
        self._end = asyncio.create_task(self._follow(log))

    @property
    def pid(self) -> int:
        """Of the process, and of its process group."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet, asked of the kernel, which knows first."""
        if self._exited.is_set():
            return False
        # WNOWAIT: it must stay unreaped until its group is killed, see _on_exit().
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PIDFD, self._pidfd, options) is None

    @property
    def how_it_ended(self) -> str:
        """Say it as Lambda's log does: ``exit status 1`` or ``signal: killed``."""
        code = self._popen.returncode or 0
        if code >= 0:
            return f"exit status {code}"
        return f"signal: {signal.strsignal(-code) or -code}".lower()

    @property
    def failed(self) -> bool:
        return self._popen.returncode != 0

    def kill(self) -> None:
        """Send SIGKILL; ``ended`` follows."""
        if not self._exited.is_set():
            os.kill(self._popen.pid, signal.SIGKILL)

    def _on_exit(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        # Its children go with it, however it ended. Until it is reaped it keeps its
        # number, so this reaches no stranger.
        os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        os.close(self._lifeline)
        self._exited.set()

    async def _follow(self, log: Callable[[str], None]) -> None:
        output = self._popen.stdout
        assert output is not None  # noqa: S101  # stdout=PIPE
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), output
        )
        lines = asyncio.create_task(_log_lines(reader, log))
        await self._exited.wait()
        # A grandchild that left the group may hold the pipe open for ever.
        await asyncio.wait([lines], timeout=_DRAIN_SECONDS)
        lines.cancel()
        transport.close()
        self.ended.set_result(None)


async def _log_lines(reader: asyncio.StreamReader, log: Callable[[str], None]) -> None:
    decoder = getincrementaldecoder("utf-8")(errors="replace")
    held = io.StringIO()
    while data := await reader.read(_LONGEST_LINE):
        # Only what is new is split: it may come byte by byte.
        *ended, rest = _LINE_END.split(decoder.decode(data))
        for piece in ended:
            held.write(piece)
            _log_line(held, log)
        held.write(rest)
        if held.tell() > _LONGEST_LINE:
            _log_line(held, log)
    _log_line(held, log)


def _log_line(held: io.StringIO, log: Callable[[str], None]) -> None:
    if line := held.getvalue():
        log(line)
    held.seek(0)
    held.truncate()
