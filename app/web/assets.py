"""Files that ship with the broker, and how they are answered."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from fastapi import HTTPException, Request, Response

STATIC: Final = Path(__file__).parent / "static"

REVALIDATE: Final = "no-cache"
"""For a file that the next deployment may change under the same name."""
FOREVER: Final = "public, max-age=31536000, immutable"
"""For a file whose path holds its version."""

# Spelt out: `mimetypes` asks the machine, and a module under another type is not run.
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",  # declarations, for people and their tools
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    content: bytes = field(repr=False)
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> "Asset":
        """Read a file; raise ``KeyError`` where its suffix has no media type here."""
        content = path.read_bytes()
        # Of the content, not of the time: archives of a Lambda package have none.
        digest = hashlib.sha256(content).hexdigest()
        return cls(
            content=content,
            media_type=_MEDIA_TYPES[path.suffix],
            etag=f'"{digest[:32]}"',
        )

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """Answer with the file, or with 304 to whoever has it already."""
        sent = {"ETag": self.etag, **headers}
        if self._is_known_to(request):
            return Response(status_code=304, headers=sent)
        return Response(self.content, media_type=self.media_type, headers=sent)

    def _is_known_to(self, request: Request) -> bool:
        # RFC 9110 section 13.1.2: weak comparison, for proxies weaken what they squeeze
        known = request.headers.get("If-None-Match", "").split(",")
        return self.etag in {tag.strip().removeprefix("W/") for tag in known}


@final
class Assets:
    """A closed set of files by name: what was not there at the start is not found.

    A path from outside is only ever looked up, never joined to a folder, so there is
    nothing to traverse and nothing to list.
    """

    def __init__(self, folder: Path) -> None:
        files = (path for path in folder.rglob("*") if path.is_file())
        self._paths = {path.relative_to(folder).as_posix(): path for path in files}

    def find(self, name: str) -> Asset:
        """Read the file called ``name``, as it is now, or raise 404."""
        if name not in self._paths:
            raise HTTPException(404)
        return Asset.read(self._paths[name])
