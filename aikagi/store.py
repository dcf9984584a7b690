"""Where a login and its grants are stored: in memory, unless a caller brings files."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, Protocol, final


class CacheEntry(Protocol):
    """Room for one JSON object. Raises ``StateError`` where it cannot be had."""

    def read(self) -> Mapping[str, Any] | None: ...

    def write(self, value: Mapping[str, Any]) -> None:
        """Put it there whole, or not at all."""

    def remove(self) -> None: ...

    def locked(self) -> AbstractContextManager[object]:
        """Keep others out, in whatever process. Not reentrant."""


class Store(Protocol):
    """Named entries. One name is one entry."""

    def entry(self, name: str) -> CacheEntry: ...

    def require_clearable(self) -> None:
        """Raise ``StateVersionError`` where ``clear`` would."""

    def clear(self) -> None:
        """Remove all entries.

        Raises ``StateVersionError``, and removes none, where a later version of the
        client has written one.
        """


@final
class _MemoryEntry:
    def __init__(self) -> None:
        self._value: Mapping[str, Any] | None = None
        self._lock = Lock()

    def read(self) -> Mapping[str, Any] | None:
        return self._value

    def write(self, value: Mapping[str, Any]) -> None:
        self._value = value

    def remove(self) -> None:
        self._value = None

    def locked(self) -> Lock:
        return self._lock


@final
class MemoryStore:
    """Ends with the program."""

    def __init__(self) -> None:
        self._entries: dict[str, _MemoryEntry] = {}
        self._lock = Lock()

    def entry(self, name: str) -> _MemoryEntry:
        with self._lock:
            return self._entries.setdefault(name, _MemoryEntry())

    def require_clearable(self) -> None:
        """Memory holds nothing of other versions."""

    def clear(self) -> None:
        with self._lock:
            for entry in self._entries.values():
                entry.remove()
