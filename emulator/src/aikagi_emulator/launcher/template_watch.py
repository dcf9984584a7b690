"""Waits for the template to be edited."""

import asyncio
from pathlib import Path
from typing import Final, final

from aikagi_emulator.launcher.inotify import MOVED_TO, WRITTEN, Inotify

_STILL: Final = 0.1
"""Seconds without a change until an editor is done with its file."""


@final
class TemplateWatch:
    """Belongs to the running event loop. Raises ``OSError`` where it cannot watch."""

    def __init__(self, template: Path) -> None:
        # Editors put a new file in the place of the old: the folder knows of both.
        self._path = template.resolve()
        self._inotify = Inotify()
        try:
            self._inotify.watch(self._path.parent, WRITTEN | MOVED_TO)
        except OSError:
            self._inotify.close()
            raise
        self._known = self._content()

    async def changed(self) -> None:
        """Return once the file holds something else than the last time."""
        while True:
            await self._noticed()
            await asyncio.sleep(_STILL)
            self._inotify.read()
            content = self._content()
            if content not in {None, self._known}:
                self._known = content
                return

    def close(self) -> None:
        self._inotify.close()

    async def _noticed(self) -> None:
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        while not any(event.name == self._path.name for event in self._inotify.read()):
            readable.clear()
            loop.add_reader(self._inotify.fileno(), readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(self._inotify.fileno())

    def _content(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except OSError:
            return None
