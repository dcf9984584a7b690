"""Read JSON of any size from files, an entry at a time.

A file is lines, or one JSON document (or several, one after the other) around a long
array, as AWS exports it; either may be compressed with gzip. A few megabytes of it are
in memory.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Final, TextIO, TypeAlias

from app.admin.errors import NotDoneError

_LOOKAHEAD: Final = 2 * 1024 * 1024
"""Characters. CloudTrail's records have 256 kB at most (CloudTrail User Guide, "Quotas
in AWS CloudTrail"), a log event of CloudWatch 1 MB."""

_LOOKAHEADS: Final = 4
"""So many are read at once."""

_PIECE: Final = 4096
"""Characters: so much is lost at most before the place where a file is damaged."""

_GZIP: Final = b"\x1f\x8b"

_OPENING: Final = re.compile(
    # Members before the array are texts and numbers: what `aws logs` and `aws
    # cloudtrail` print has no others.
    r'\s*+(?:\[(?=\s*+[\[{\]])|(\{)\s*+(?:"[^"\\]*+"\s*+:\s*+(?:"[^"\\]*+"|[0-9.]++)'
    r'\s*+,\s*+)*+"(?:Records|Events|events|results)"\s*+:\s*+\[)'
)
_SPACE: Final = re.compile(r"\s*+")
_BETWEEN: Final = re.compile(r"\s*+(,?)\s*+")
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of text, or a member of an array, and the line that it begins in."""

    line: int
    value: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is no entry, in which line, and why."""

    line: int
    why: str


Read: TypeAlias = Entry | Unreadable


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Give the files, and those below the folders, in the order of their names.

    Raises ``NotDoneError`` for a path where nothing is.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        elif path.exists():
            yield path
        else:
            raise NotDoneError(f"There is no {path}.")


def read_entries(path: Path) -> Iterator[Read]:
    """Give what is in a file. Raises ``NotDoneError`` where it cannot be opened."""
    try:
        with path.open("rb") as raw, _text_of(raw) as text:
            yield from _entries(text)
    except OSError as error:
        raise NotDoneError(f"{path} cannot be read: {error.strerror}.") from error


def _text_of(raw: IO[bytes]) -> TextIO:
    is_compressed = raw.read(len(_GZIP)) == _GZIP
    raw.seek(0)
    data = gzip.GzipFile(fileobj=raw) if is_compressed else raw
    # What is not UTF-8 becomes an escape that JSON has not: its line is refused.
    return TextIOWrapper(data, encoding="utf-8-sig", errors="backslashreplace")


def _entries(text: TextIO, lookahead: int = _LOOKAHEAD) -> Iterator[Read]:
    window = _Window(text, lookahead)
    if _OPENING.match(window.text):
        yield from _members(window)
    else:
        yield from window.lines()
    if window.is_damaged:
        yield Unreadable(
            window.line, "the compressed data is damaged or ends early about here"
        )


def _members(window: "_Window") -> Iterator[Read]:
    """Give the members of the array of every document."""
    while opening := _OPENING.match(window.text, window.position):
        window.advance(opening.end())
        yield from _array(window)
        if window.is_broken:
            return
        if opening[1] and not _close(window):
            yield Unreadable(window.line, "the document has no end")
            return
        window.advance(_end_of(_SPACE, window))
        window.refill()
    if window.position < len(window.text):
        yield Unreadable(window.line, "something else follows the document")


def _array(window: "_Window") -> Iterator[Read]:
    needs_comma = False
    while True:
        window.refill()
        between = _BETWEEN.match(window.text, window.position)
        window.advance(between.end() if between else window.position)
        if window.text.startswith("]", window.position):
            window.advance(window.position + 1)
            return
        found = _decode(window) if bool(between and between[1]) is needs_comma else None
        if found is None:
            window.is_broken = True
            yield Unreadable(
                window.line, "not JSON, or cut off; the rest of the file is not read"
            )
            return
        value, end = found
        yield Entry(window.line, value)
        window.advance(end)
        needs_comma = True


def _decode(window: "_Window") -> tuple[Any, int] | None:
    try:
        return _DECODER.raw_decode(window.text, window.position)
    except (ValueError, RecursionError):
        return None


def _close(window: "_Window") -> bool:
    """Pass over the other members of the document that the array stands in."""
    window.refill()
    beginning = '{"":[]'
    rest = window.text[window.position : window.position + window.lookahead]
    try:
        _, end = _DECODER.raw_decode(beginning + rest)
    except (ValueError, RecursionError):
        return False
    window.advance(window.position + end - len(beginning))
    return True


def _end_of(pattern: re.Pattern[str], window: "_Window") -> int:
    found = pattern.match(window.text, window.position)
    return found.end() if found else window.position


class _Window:
    """A part of a text: from ``position`` on ``lookahead``, or all that there is."""

    def __init__(self, stream: TextIO, lookahead: int) -> None:
        self.lookahead = lookahead
        self._stream = stream
        self.text = ""
        self.position = 0
        self.line = 1
        self.is_broken = False
        self.is_damaged = False
        self._is_whole = False
        self.refill()

    def refill(self) -> None:
        if self._is_whole or len(self.text) - self.position >= self.lookahead:
            return
        parts = [self.text[self.position :]]
        for _ in range(_LOOKAHEADS * self.lookahead // _PIECE):
            parts.append(self._read())
            if not parts[-1]:
                self._is_whole = True
                break
        self.text = "".join(parts)
        self.position = 0

    def _read(self) -> str:
        try:
            return self._stream.read(_PIECE)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self.is_damaged = True
            return ""

    def advance(self, position: int) -> None:
        self.line += self.text.count("\n", self.position, position)
        self.position = position

    def lines(self) -> Iterator[Read]:
        """Give the lines of it all; one that is too long for any record is refused."""
        is_cut = False
        while True:
            self.refill()
            if self.position == len(self.text):
                return
            most = self.position + self.lookahead
            end = self.text.find("\n", self.position, most) + 1
            is_last_part = bool(end) or len(self.text) < most
            end = end or min(most, len(self.text))
            part = self.text[self.position : end]
            self.position = end
            if is_last_part:
                too_long = Unreadable(self.line, "the line is longer than any record")
                yield too_long if is_cut else Entry(self.line, part.rstrip("\r\n"))
                self.line += 1
                is_cut = False
            else:
                is_cut = True
