"""Which processes hold a connection: proc_net(5) and proc_pid_fd(5)."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_LOOPBACK: Final = "0100007F"
"""127.0.0.1, as /proc/net/tcp writes it."""


_READINGS: Final = 3
"""How often a connection is looked for before it is taken for gone.

The kernel gives its table in pieces and lets it change between two of them: a socket
that is closed meanwhile can hide another of the same hash bucket from that one reading.
Who holds a connection is decided by its inode, so reading again lets nobody else in.
"""


def read_table() -> str:
    """Return the TCP sockets of IPv4 there are, a line each."""
    return Path("/proc/net/tcp").read_text(encoding="ascii")


def is_connected(
    group: int, port: int, *, to: int, read: Callable[[], str] = read_table
) -> bool:
    """Whether a process of ``group`` holds the end of a connection to us.

    ``port`` is that end's and ``to`` is ours, both on 127.0.0.1.
    """
    local, remote = f"{_LOOPBACK}:{port:04X}", f"{_LOOPBACK}:{to:04X}"
    readings = (_inode(read(), local, remote) for _ in range(_READINGS))
    inode = next((found for found in readings if found is not None), None)
    if inode is None:
        return False
    wanted = f"socket:[{inode}]"
    return any(wanted in _open_files(pid) for pid in _members(group))


def _inode(table: str, local: str, remote: str) -> str | None:
    for line in table.splitlines():
        fields = line.split()
        if fields[1:3] == [local, remote]:
            return fields[9]
    return None


def _members(group: int) -> Iterator[int]:
    """The leader first, which is nearly always the one."""
    yield group
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace")
        except OSError:  # it ended while we looked
            continue
        if int(fields.rpartition(")")[2].split()[2]) == group:
            yield int(stat.parent.name)


def _open_files(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):  # likewise, of a process or of a file
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(entry.readlink()))
    return found
