"""Files that ship with the broker, and how they are answered."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, final

from fastapi import HTTPException, Request, Response

from app.web.content_coding import GZIP, IDENTITY, preferred

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
_COMPRESSED_ALREADY: Final = frozenset({".png"})


class _Representation(NamedTuple):
    content: bytes
    etag: str


@final
class Asset:
    """A file in memory. It is compressed once, when somebody first takes it so.

    Nothing about a person may be one: whoever can choose part of what is compressed and
    see how long it became learns the rest of it.
    """

    def __init__(self, content: bytes, suffix: str, *, variant: str = "") -> None:
        """Take ``content``; raise ``KeyError`` where its suffix has no media type.

        What is sent with it and may change without it is its ``variant``: whoever has
        another one has to take the file again.
        """
        self.content = content
        self._variant = variant.encode()
        self._media_type = _MEDIA_TYPES[suffix]
        is_packed = suffix in _COMPRESSED_ALREADY
        self._codings = (IDENTITY,) if is_packed else (GZIP, IDENTITY)
        self._representations: dict[str, _Representation] = {}
        self._lock = Lock()

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """Answer with the file, or with 304 to whoever has it already.

        ``HTTPException`` 406 goes to who accepts neither the file as it is nor gzip.
        """
        accepted = request.headers.getlist("Accept-Encoding")
        vary = {"Vary": "Accept-Encoding"}
        coding = preferred(",".join(accepted) if accepted else None, self._codings)
        if coding is None:
            detail = f"This file is sent as {' or '.join(self._codings)}"
            raise HTTPException(406, detail, vary)
        content, etag = self._represented(coding)
        sent = {"ETag": etag, **vary, **headers}
        if _is_known(etag, request):
            return Response(status_code=304, headers=sent)
        if coding != IDENTITY:
            sent["Content-Encoding"] = coding
        return Response(content, media_type=self._media_type, headers=sent)

    def _represented(self, coding: str) -> _Representation:
        with self._lock:  # or all who come at once would compress it
            if coding not in self._representations:
                content = _encoded(self.content, coding)
                # Each coding has a validator of its own (RFC 9110 section 8.8.3.3). Of
                # the content, not of the time: archives of a Lambda package have none.
                digest = hashlib.sha256(content + self._variant).hexdigest()
                found = _Representation(content, f'"{digest[:32]}"')
                self._representations[coding] = found
            return self._representations[coding]


def _encoded(content: bytes, coding: str) -> bytes:
    # Without the time, which gzip would write into its head.
    return gzip.compress(content, mtime=0) if coding == GZIP else content


def _is_known(etag: str, request: Request) -> bool:
    # RFC 9110 section 13.1.2: weak comparison, for proxies weaken what they change.
    known = ",".join(request.headers.getlist("If-None-Match")).split(",")
    return etag in {tag.strip().removeprefix("W/") for tag in known}


@final
class Assets:
    """A closed set of files by name: what was not there at the first look is not found.

    A path from outside is only ever looked up, never joined to a folder, so there is
    nothing to traverse and nothing to list. Nothing is read before it is asked for.
    """

    def __init__(self, root: Path, *folders: str, without: str | None = None) -> None:
        """Take the files below ``folders`` of ``root``, or all of it, save one."""
        self._root = root
        self._folders = folders or (".",)
        self._without = without
        self._read: dict[str, Asset] = {}

    @cached_property
    def _paths(self) -> dict[str, Path]:
        folders = [self._root / folder for folder in self._folders]
        found = [path for folder in folders for path in folder.rglob("*")]
        names = {path.relative_to(self._root).as_posix(): path for path in found}
        # What is for npm alone has no media type here.
        files = {name for name, path in names.items() if path.suffix in _MEDIA_TYPES}
        return {name: names[name] for name in sorted(files - {self._without})}

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that change when a name or a content does."""
        digest = hashlib.sha256()
        for name in self._paths:
            content = self.find(name).content
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    def find(self, name: str) -> Asset:
        """Give the file called ``name``, or raise 404."""
        if name not in self._paths:
            raise HTTPException(404)
        path = self._paths[name]
        # Two threads that read it at once keep one.
        return self._read.get(name) or self._read.setdefault(
            name, Asset(path.read_bytes(), path.suffix)
        )
