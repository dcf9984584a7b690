"""Where a login and its grants are kept: in memory, unless a caller brings files."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, Protocol, final


class Slot(Protocol):
    """Room for one JSON object. Raises ``StateError`` where it cannot be had."""

    def read(self) -> Mapping[str, Any] | None: ...

    def write(self, value: Mapping[str, Any]) -> None:
        """Put it there whole, or not at all."""

    def remove(self) -> None: ...

    def locked(self) -> AbstractContextManager[object]:
        """Keep others out, in whatever process. Not reentrant."""


class Shelf(Protocol):
    """Named slots. One name is one slot."""

    def slot(self, name: str) -> Slot: ...

    def clear(self) -> None:
        """Remove all that is kept."""


@final
class _MemorySlot:
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
class MemoryShelf:
    """Ends with the program."""

    def __init__(self) -> None:
        self._slots: dict[str, _MemorySlot] = {}
        self._lock = Lock()

    def slot(self, name: str) -> _MemorySlot:
        with self._lock:
            return self._slots.setdefault(name, _MemorySlot())

    def clear(self) -> None:
        with self._lock:
            for slot in self._slots.values():
                slot.remove()
