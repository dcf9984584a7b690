"""How far a long command has come: one line of a terminal, written again and again."""

import sys
import time
from threading import Lock
from types import TracebackType
from typing import Final, Self, final

from app.admin.output import printable

_WIDTH: Final = 20
"""Characters of the bar itself."""

_INTERVAL: Final = 0.1
"""Seconds between two writings, for eyes and for what is spent on it."""


@final
class Progress:
    """Threads may share it. Without a terminal it writes its notes alone, as lines.

    It is on standard error, and gone when it ends.
    """

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._note = ""
        self._began = time.monotonic()
        self._written = 0.0
        self._lock = Lock()
        self._is_seen = sys.stderr.isatty()

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_seen:
            with self._lock:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()

    def advance(self) -> None:
        with self._lock:
            self._done += 1
            is_due = time.monotonic() - self._written >= _INTERVAL
        if is_due or self._done == self._total:
            self._draw()

    def note(self, words: str) -> None:
        """Say what keeps it waiting; nothing when that is over."""
        with self._lock:
            is_new, self._note = words != self._note, words
        if self._is_seen:
            self._draw()
        elif words and is_new:
            sys.stderr.write(f"{printable(words)}\n")
            sys.stderr.flush()

    def _draw(self) -> None:
        if not self._is_seen:
            return
        with self._lock:
            self._written = time.monotonic()
            share = self._done / self._total if self._total else 1.0
            filled = "#" * int(share * _WIDTH)
            rate = self._done / max(self._written - self._began, 0.001)
            line = (
                f"{self._what} [{filled:<{_WIDTH}}] {share:4.0%}  "
                f"{self._done} of {self._total}, {rate:.0f}/s"
            )
            note = f"  {printable(self._note)}" if self._note else ""
            sys.stderr.write(f"\r{line}{note}\x1b[K")
            sys.stderr.flush()
