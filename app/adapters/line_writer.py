"""Whole lines on standard output, which Lambda ships to CloudWatch Logs."""

import threading
from typing import TextIO, final


@final
class LineWriter:
    """One for a stream: what several write to it is not mixed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writing = threading.Lock()

    def write(self, line: str) -> None:
        """Write a line and flush it. Raises whatever the stream does."""
        with self._writing:
            self._stream.write(f"{line}\n")
            self._stream.flush()
