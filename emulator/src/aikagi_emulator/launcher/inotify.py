"""What the kernel tells of changes in folders: inotify(7).

Changes are queued as they happen, so that whoever reads after a write learns of it:
a watcher in a thread of its own would learn of it some time.
"""

import ctypes
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

WRITTEN: Final = 0x0000_0008
MOVED_FROM: Final = 0x0000_0040
MOVED_TO: Final = 0x0000_0080
CREATED: Final = 0x0000_0100
DELETED: Final = 0x0000_0200
SELF_DELETED: Final = 0x0000_0400
SELF_MOVED: Final = 0x0000_0800
OVERFLOWED: Final = 0x0000_4000
FORGOTTEN: Final = 0x0000_8000
IS_FOLDER: Final = 0x4000_0000

_ONLY_FOLDERS: Final = 0x0100_0000
_HEADER: Final = struct.Struct("iIII")
_BUFFER: Final = 65_536
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``watch`` is what ``Inotify.watch`` returned; -1 when the queue overflowed."""

    watch: int
    mask: int
    name: str


@final
class Inotify:
    """Raises ``OSError`` where the system has no more of them."""

    def __init__(self) -> None:
        self._fd = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise _failure("inotify")

    def fileno(self) -> int:
        return int(self._fd)

    def watch(self, folder: Path, mask: int) -> int:
        """Tell of changes right in ``folder``. Raises ``OSError``."""
        path = os.fsencode(folder)
        found = _LIBC.inotify_add_watch(self._fd, path, mask | _ONLY_FOLDERS)
        if found < 0:
            raise _failure(str(folder))
        return int(found)

    def read(self) -> list[Event]:
        """Everything since the last time. Never waits."""
        events: list[Event] = []
        while True:
            try:
                data = os.read(self._fd, _BUFFER)
            except BlockingIOError:
                return events
            events.extend(_events(data))

    def close(self) -> None:
        os.close(self._fd)


def _events(data: bytes) -> list[Event]:
    events, at = [], 0
    while at < len(data):
        watch, mask, _, size = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        name = os.fsdecode(data[at : at + size].rstrip(b"\0"))
        events.append(Event(watch=watch, mask=mask, name=name))
        at += size
    return events


def _failure(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), what)
