"""Lines for people and for programs, on the two streams."""

import io
import json
import os
import re
import sys
from typing import Final, TextIO

_CONTROLS: Final = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))
    if chr(code) not in "\n\t"
}


_HALF_OF_A_PAIR: Final = re.compile("[\ud800-\udfff]")


def replace_what_cannot_be_written() -> None:
    """Let no character end a command that a stream's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def echo(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(line + "\n")


def echo_error(line: str) -> None:
    """Write a line beside the output, to standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def echo_json(value: object, *, indent: int | None = None) -> None:
    written = json.dumps(value, ensure_ascii=False, indent=indent)
    # Half of a surrogate pair has no UTF-8, but JSON has escapes for it.
    echo(_HALF_OF_A_PAIR.sub(lambda half: f"\\u{ord(half[0]):04x}", written))


def printable(text: str) -> str:
    """Replace control characters of text from elsewhere: no terminal obeys it."""
    return text.replace("\r\n", "\n").translate(_CONTROLS)


def has_colours(stream: TextIO) -> bool:
    return (
        stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
