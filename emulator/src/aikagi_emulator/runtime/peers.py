"""Which processes hold a connection: proc_net(5) and proc_pid_fd(5)."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LOOPBACK: Final = "0100007F"
"""127.0.0.1, as /proc/net/tcp writes it."""


def is_connected(group: int, port: int, *, to: int) -> bool:
    """Whether a process of ``group`` holds the end of a connection to us.

    ``port`` is that end's and ``to`` is ours, both on 127.0.0.1.
    """
    inode = _inode(f"{_LOOPBACK}:{port:04X}", f"{_LOOPBACK}:{to:04X}")
    if inode is None:
        return False
    wanted = f"socket:[{inode}]"
    return any(wanted in _open_files(pid) for pid in _members(group))


def _inode(local: str, remote: str) -> str | None:
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines():
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
