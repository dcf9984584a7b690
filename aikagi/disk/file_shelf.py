"""A shelf of files: one folder for each broker, one file for each slot."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, final

from aikagi.disk.lock import locked
from aikagi.disk.private_file import private_folder, read_private, write_private
from aikagi.errors import StateError

_PLAIN: Final = re.compile(r"[a-z0-9-]{1,80}")
_BROKER: Final = "broker"


def state_folder() -> Path:
    """``aikagi`` in ``XDG_STATE_HOME``, which is absolute, or in ``~/.local/state``."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = named if named.is_absolute() else Path.home() / ".local" / "state"
    return home / "aikagi"


@final
class FileSlot:
    """One JSON object in one file, with a lock beside it, somewhere below ``root``."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._folders = (root, path.parent)

    def read(self) -> Mapping[str, Any] | None:
        text = read_private(self._path)
        if text is None:
            return None
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise StateError(
                f"{self._path} is damaged: `aikagi logout`, and log in again"
            )
        return value

    def write(self, value: Mapping[str, Any]) -> None:
        self._make_folders()
        write_private(self._path, json.dumps(value).encode())

    def remove(self) -> None:
        remove(self._path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        self._make_folders()
        with locked(self._path.with_suffix(".lock")):
            yield

    def _make_folders(self) -> None:
        for folder in self._folders:
            private_folder(folder)


@final
class FileShelf:
    """What is kept of one broker. ``base`` is its root."""

    def __init__(self, folder: Path, base: str) -> None:
        self._root = folder
        self._folder = folder / _file_name(base)

    def slot(self, name: str) -> FileSlot:
        plain = name if _PLAIN.fullmatch(name) else _file_name(name)
        return FileSlot(self._folder / f"{plain}.json", self._root)

    def clear(self) -> None:
        """Remove all but the locks, which others may be waiting for."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.suffix != ".lock":
                remove(path)


def remembered_broker(folder: Path) -> str | None:
    kept = FileSlot(folder / f"{_BROKER}.json", folder).read()
    base = None if kept is None else kept.get("Broker")
    return base if isinstance(base, str) else None


def remember_broker(folder: Path, base: str) -> None:
    FileSlot(folder / f"{_BROKER}.json", folder).write({"Broker": base})


def remove(path: Path) -> None:
    """Remove a file that may be there. Raises ``StateError``."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"{path} cannot be removed: {error.strerror}") from error


def _file_name(text: str) -> str:
    """Name a file after any text: readable, and another for each."""
    readable = re.sub(r"[^a-z0-9.]+", "-", text.lower().partition("://")[2] or text)
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{readable.strip('-.')[:40]}-{digest}"
