"""Files that nobody else may read, replaced whole."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import Final

from aikagi.errors import StateError

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_LARGEST: Final = 1024 * 1024
"""Bytes."""


def read_private(path: Path) -> bytes | None:
    """Read a file of ours; None where there is none.

    Raises ``StateError`` where others could read or have written it.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        _require_ours(path, os.fstat(descriptor))
        return file.read(_LARGEST)


def _require_ours(path: Path, found: os.stat_result) -> None:
    if os.name != "posix":
        return
    if found.st_uid != os.geteuid():
        raise StateError(f"{path} belongs to somebody else; remove it")
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise StateError(
            f"{path} can be read by others, so what it holds may be known: "
            "`aikagi logout`, and log in again"
        )


def write_private(path: Path, text: bytes) -> None:
    """Put a whole file in place at once, never readable by anybody else.

    Raises ``StateError``; then what was there is there still.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        with suppress(FileNotFoundError):
            partial.unlink()
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise StateError(f"{path} cannot be written: {error.strerror}") from error


def require_no_link(path: Path) -> None:
    """Raise ``StateError`` where a link leads elsewhere, maybe to somebody else's."""
    if path.is_symlink():
        raise StateError(f"{path} is a link, and none is followed: remove it")


def private_folder(path: Path) -> None:
    """Make a folder that is ours alone. Raises ``StateError``."""
    require_no_link(path)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            path.chmod(0o700)
    except OSError as error:
        raise StateError(f"{path} cannot be made: {error.strerror}") from error
