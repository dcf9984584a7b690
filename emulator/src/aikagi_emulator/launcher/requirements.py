"""Where a function or a layer names its packages, and whether they changed."""

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILE: Final = "requirements.txt"

_INCLUDED: Final = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")
_COMMENT: Final = re.compile(r"(?:^|\s)#")
_EDITABLE: Final = re.compile(r"(?:-e|--editable)[ =]")
_ARCHIVE: Final = re.compile(r"\.(?:whl|zip|tar\.[a-z0-9]+)$")
_MADE: Final = re.compile(r"^\.|^build$|^__pycache__$|\.egg-info$")
"""Folders that an installation makes, or that hold no code."""


def of_function(folder: Path, handler: str, build: str) -> Path | None:
    """Return the file that names a function's packages, or would.

    ``sam build`` takes the one beside the code. What a recipe of the author's takes
    (``BuildMethod: makefile``) is not known: the file nearest to the handler's module
    counts, from its folder up to that of the code. None where nothing is built.
    """
    if not build:
        return None
    # a.app.handler, a/app.handler, or a program such as bin/run.sh
    module = handler.rpartition(".")[0] if build == "makefile" else ""
    parts = [part for part in re.split(r"[./]", module) if part][:-1]
    folders = [folder.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    files = [known / FILE for known in folders if known.is_dir()] or [folder / FILE]
    return next((file for file in files if file.is_file()), files[0])


def digest_of(requirements: Path) -> str | None:
    """Return digits that are others whenever other packages may be meant.

    They tell this Python from others. None where no package is named at all, or there
    is no such file. Raises ``OSError`` for one that cannot be read.
    """
    if not requirements.is_file():
        return None
    hashed = hashlib.sha256()
    names = False
    for line, folder in _lines(requirements, ()):
        names = names or not line.startswith("-") or bool(_EDITABLE.match(line))
        hashed.update(f"{line}\n".encode())
        for path in _local_paths(line, folder):
            hashed.update(path.encode())
    tag = sys.implementation.cache_tag
    return f"{tag}-{hashed.hexdigest()[:16]}" if names else None


def _lines(file: Path, including: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Give the lines of a requirements file, and of those that it includes.

    Each comes with the folder of its file.
    """
    text = file.read_bytes().decode(errors="replace").replace("\\\n", " ")
    for written in text.splitlines():
        line = _COMMENT.split(written, maxsplit=1)[0].strip()
        if line:
            yield line, file.parent
        included = _INCLUDED.fullmatch(line)
        if included and (other := file.parent / included[1]) not in including:
            yield from _lines(other, (*including, other))


def _local_paths(line: str, folder: Path) -> Iterator[str]:
    """Give each file that a line leads to on this machine, with its size and time."""
    for word in line.split():
        name = word.removeprefix("file://").rpartition("=")[2]
        is_path = line.startswith("-") or "/" in name or _ARCHIVE.search(name)
        if name and is_path and (folder / name).exists():
            for file in _files(folder / name):
                found = file.stat()
                yield f"{file.resolve()}\0{found.st_size}\0{found.st_mtime_ns}\n"


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not _MADE.search(name))
        yield from (Path(folder, name) for name in sorted(files) if name[0] != ".")
