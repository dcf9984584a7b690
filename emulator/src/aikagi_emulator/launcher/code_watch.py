"""Notices that a function's code was edited, at the call that follows."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from aikagi_emulator.launcher.inotify import (
    CREATED,
    DELETED,
    FORGOTTEN,
    IS_FOLDER,
    MOVED_FROM,
    MOVED_TO,
    SELF_DELETED,
    SELF_MOVED,
    WRITTEN,
    Event,
    Inotify,
)
from aikagi_emulator.urls.asgi import ASGIApp, Receive, Scope, Send

_log: Final = logging.getLogger(__name__)

_ENTRIES: Final = WRITTEN | MOVED_FROM | MOVED_TO | CREATED | DELETED
_MASK: Final = _ENTRIES | SELF_DELETED | SELF_MOVED
_MOST_FOLDERS: Final = 512
"""A folder of code with more than these has a virtual environment inside."""


@final
class CodeWatch:
    """Counts the changes below ``folder``, hidden files and bytecode apart.

    Where the system cannot watch it says so in the log, once, and counts none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changes = 0
        self._watched: dict[int, Path] = {}
        self._root = -1
        self._inotify: Inotify | None = None
        try:
            self._inotify = Inotify()
            self._begin(self._inotify)
        except OSError as error:
            _log.warning("changes in %s are not noticed: %s", folder, error.strerror)

    def changes(self) -> int:
        """As many as there were until now. Costs a system call when nothing was."""
        inotify = self._inotify
        if inotify is None:
            return self._changes
        for event in inotify.read():
            self._take(inotify, event)
        if self._root < 0:
            # The folder was replaced as a whole: look whether it is there again.
            with suppress(OSError):
                self._begin(inotify)
                self._changes += 1
        return self._changes

    def close(self) -> None:
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    def _begin(self, inotify: Inotify) -> None:
        self._root = inotify.watch(self._folder, _MASK)
        self._watch_below(inotify, self._folder)

    def _take(self, inotify: Inotify, event: Event) -> None:
        if event.mask & FORGOTTEN:
            self._watched.pop(event.watch, None)
        elif event.mask & (SELF_DELETED | SELF_MOVED):
            self._root = -1 if event.watch == self._root else self._root
        elif not _is_ignored(event.name):
            self._changes += 1
            parent = self._watched.get(event.watch)
            if parent and event.mask & IS_FOLDER and event.mask & (CREATED | MOVED_TO):
                self._watch_below(inotify, parent / event.name)

    def _watch_below(self, inotify: Inotify, folder: Path) -> None:
        for below in _folders(folder):
            if len(self._watched) >= _MOST_FOLDERS:
                _log.warning(
                    "%s has more than %d folders: changes in some are not noticed",
                    self._folder,
                    _MOST_FOLDERS,
                )
                return
            # One that is gone already has nothing to tell.
            with suppress(FileNotFoundError, NotADirectoryError):
                self._watched[inotify.watch(below, _MASK)] = below


def _folders(top: Path) -> Iterator[Path]:
    for path, names, _ in os.walk(top):
        names[:] = [name for name in names if not _is_ignored(name)]
        yield Path(path)


def _is_ignored(name: str) -> bool:
    return name == "__pycache__" or name.startswith(".") or name.endswith((".pyc", "~"))


@final
class Reload:
    """Has ``recycle`` called before a function runs code that was edited since.

    One for each function, whatever calls it: packages are installed once for all.
    """

    def __init__(
        self, code: Sequence[CodeWatch], *, recycle: Callable[[], Awaitable[None]]
    ) -> None:
        self._code = code
        self._recycle = recycle
        self._seen = self._changes()
        self._recycling = asyncio.Lock()

    async def if_changed(self) -> None:
        # Whoever calls while new packages are installed waits for them too.
        async with self._recycling:
            changes = self._changes()
            if changes != self._seen:
                self._seen = changes
                await self._recycle()

    def _changes(self) -> int:
        return sum(folder.changes() for folder in self._code)


@final
class ReloadOnChange:
    """Answers with the code of its functions as it is now."""

    def __init__(self, application: ASGIApp, functions: Sequence[Reload]) -> None:
        self._application = application
        self._functions = functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for function in self._functions:
            await function.if_changed()
        await self._application(scope, receive, send)
