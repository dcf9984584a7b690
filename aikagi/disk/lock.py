"""A lock between processes: it ends with its holder, however that one ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aikagi.errors import StateError

if sys.platform == "win32":
    import msvcrt

    def _wait_for(descriptor: int) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:  # after ten seconds; whoever has it asks a broker
                continue
            return

else:
    import fcntl

    def _wait_for(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold ``path``, an empty file that stays: another of its name is another lock.

    Raises ``StateError`` where there can be none, also where a link leads elsewhere.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise StateError(f"{path} cannot be locked: {error.strerror}") from error
    try:
        _wait_for(descriptor)
        yield
    finally:
        os.close(descriptor)
