"""New files that only the operator can read."""

import os
from pathlib import Path
from typing import TextIO

from app.admin.errors import NotDoneError


def create_private(path: Path) -> TextIO:
    """Make a file of mode 0600 for text in UTF-8, where there is nothing yet.

    What is there is neither replaced nor, where it is a link, followed. Raises
    ``NotDoneError``.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError as error:
        raise NotDoneError(
            f"{path} is there already, and nothing is replaced: name another file."
        ) from error
    except OSError as error:
        raise NotDoneError(f"{path} cannot be made: {error.strerror}.") from error
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def write_through(file: TextIO, text: str) -> None:
    """Return when the text is on the disk, whatever becomes of this process."""
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
