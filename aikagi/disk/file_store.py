"""A store of files: one folder for each broker, one file for each entry."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, final

from aikagi.disk.lock import locked
from aikagi.disk.private_file import (
    private_folder,
    read_private,
    require_no_link,
    write_private,
)
from aikagi.errors import StateError
from aikagi.records import require_known_version, require_replaceable

_PLAIN: Final = re.compile(r"[a-z0-9-]{1,80}")


def state_folder() -> Path:
    """``aikagi`` in ``XDG_STATE_HOME``, which is absolute, or in ``~/.local/state``.

    Raises ``StateError`` where nobody knows a home.
    """
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    if named.is_absolute():
        return named / "aikagi"
    try:
        return Path.home() / ".local" / "state" / "aikagi"
    except RuntimeError as error:
        raise StateError(
            "You have no home folder: name one for the login, by XDG_STATE_HOME"
        ) from error


@final
class FileEntry:
    """One JSON object in one file, with a lock beside it, somewhere below ``root``."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._folders = (root, path.parent)

    def read(self) -> Mapping[str, Any] | None:
        for folder in self._folders:
            require_no_link(folder)
        text = read_private(self._path)
        if text is None:
            return None
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise StateError(
                f"{self._path} is damaged: `aikagi logout`, and log in again"
            )
        require_known_version(record, str(self._path))
        return record

    def write(self, value: Mapping[str, Any]) -> None:
        """Write it. Raises ``StateVersionError`` where it would replace a later one."""
        require_replaceable(self)
        self._make_folders()
        write_private(self._path, json.dumps(value).encode())

    def remove(self) -> None:
        require_replaceable(self)
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
class FileStore:
    """What is stored of one broker. ``base`` is its root."""

    def __init__(self, folder: Path, base: str) -> None:
        self._root = folder
        self._folder = folder / _file_name(base)

    def entry(self, name: str) -> FileEntry:
        plain = name if _PLAIN.fullmatch(name) else _file_name(name)
        return FileEntry(self._folder / f"{plain}.json", self._root)

    def require_clearable(self) -> None:
        for path in self._files():
            if path.suffix == ".json":
                require_replaceable(FileEntry(path, self._root))

    def clear(self) -> None:
        """Remove all but the locks, which others may be waiting for."""
        self.require_clearable()
        for path in self._files():
            remove(path)

    def _files(self) -> list[Path]:
        for folder in (self._root, self._folder):
            require_no_link(folder)
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if path.suffix != ".lock"]


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
