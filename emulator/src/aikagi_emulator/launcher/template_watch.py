"""Waits for a template to be edited."""

import asyncio
from pathlib import Path
from typing import Final, final

from aikagi_emulator.launcher.inotify import MOVED_TO, WRITTEN, Inotify

_STILL: Final = 0.1
"""Seconds without a change until an editor is done with its file."""


@final
class TemplateWatch:
    """Belongs to the running event loop. Raises ``OSError`` where it cannot watch."""

    def __init__(self, *templates: Path) -> None:
        # Editors put a new file in the place of the old: the folder knows of both.
        self._files = {template: template.resolve() for template in templates}
        self._inotify = Inotify()
        try:
            for folder in {file.parent for file in self._files.values()}:
                self._inotify.watch(folder, WRITTEN | MOVED_TO)
        except OSError:
            self._inotify.close()
            raise
        self._known = {path: _content(file) for path, file in self._files.items()}

    async def changed(self) -> Path:
        """Return one of the templates once it holds something else than before."""
        while True:
            await self._noticed()
            await asyncio.sleep(_STILL)
            self._inotify.read()
            for path, file in self._files.items():
                content = _content(file)
                if content not in {None, self._known[path]}:
                    self._known[path] = content
                    return path

    def close(self) -> None:
        self._inotify.close()

    async def _noticed(self) -> None:
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        names = {file.name for file in self._files.values()}
        while not any(event.name in names for event in self._inotify.read()):
            readable.clear()
            loop.add_reader(self._inotify.fileno(), readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(self._inotify.fileno())


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
