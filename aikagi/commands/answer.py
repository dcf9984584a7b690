"""Where the answer of a call goes: to standard output, or into a file."""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol, final

from aikagi.commands.context import UsageError
from aikagi.commands.output import echo_error, printable
from aikagi.errors import StateError


class Answer(Protocol):
    """Takes an answer by the piece; ``is_terminal`` where a person reads it."""

    is_terminal: bool

    def write_text(self, text: str) -> None: ...

    def write_bytes(self, piece: bytes) -> None: ...

    def flush(self) -> None: ...

    def close(self, *, is_whole: bool) -> None:
        """End it. What is not whole takes no file's place."""


@final
class StandardOutput:
    """Bytes and text as they are or, at a terminal, text that it does not obey."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty()
        self._left_out = 0

    def write_text(self, text: str) -> None:
        sys.stdout.write(printable(text) if self.is_terminal else text)

    def write_bytes(self, piece: bytes) -> None:
        if self.is_terminal:
            self._left_out += len(piece)
            return
        sys.stdout.flush()
        sys.stdout.buffer.write(piece)

    def flush(self) -> None:
        sys.stdout.flush()

    def close(self, *, is_whole: bool) -> None:
        self.flush()
        if self._left_out and is_whole:
            echo_error(
                f"The answer is {self._left_out} bytes, no text: "
                "name a file for them, with --output"
            )


@final
class OutputFile:
    """A file that is there when the whole answer is, and else is as it was.

    What is no regular file, as ``/dev/null`` or a pipe, is written to as it is.
    """

    is_terminal = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial: Path | None = None
        self._file = self._opened()

    def _opened(self) -> BinaryIO:
        path = self._path
        try:
            if _is_special(path):
                return path.open("wb")
            if path.is_symlink():
                raise UsageError(f"{path} is a link: name the file that is meant")
            if path.is_dir():
                raise UsageError(f"{path} is a folder: name a file in it")
            self._partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            return self._partial.open("xb")
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from error

    def write_text(self, text: str) -> None:
        self.write_bytes(text.encode(errors="replace"))

    def write_bytes(self, piece: bytes) -> None:
        try:
            self._file.write(piece)
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def flush(self) -> None:
        """Leave it to the end: nobody reads the file before."""

    def close(self, *, is_whole: bool) -> None:
        try:
            self._file.close()
            if self._partial is not None and is_whole:
                self._partial.replace(self._path)
        except OSError as error:
            raise _unwritable(self._path, error) from error
        finally:
            if self._partial is not None:
                with suppress(OSError):
                    self._partial.unlink(missing_ok=True)


def answer_to(name: str | None) -> Answer:
    """Open what ``--output`` names: a file, or ``-`` for standard output.

    Raises ``UsageError`` or ``StateError``.
    """
    return StandardOutput() if name in {None, "-"} else OutputFile(Path(str(name)))


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _unwritable(path: Path, error: OSError | ValueError) -> StateError:
    why = error.strerror if isinstance(error, OSError) else error
    return StateError(f"{path} cannot be written: {why}")
