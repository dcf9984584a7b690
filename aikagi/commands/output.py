"""Lines for people and for programs, on the two streams."""

import io
import json
import os
import re
import sys
from typing import Final, TextIO

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_CONTROLS: Final = frozenset(
    {
        *range(0x20),
        0x7F,
        *range(0x80, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    }
    - {ord("\n"), ord("\t")}
)
"""C0, DEL and C1, which a terminal obeys, and what turns the direction of a text, so
that it reads as another (Unicode, Bidirectional Algorithm, section 2)."""

_REPLACED: Final = dict.fromkeys(_CONTROLS, _REPLACEMENT)
_ESCAPED: Final = {code: f"\\u{code:04x}" for code in _CONTROLS}

_HALF_OF_A_PAIR: Final = re.compile("[\ud800-\udfff]")


def prepare_streams() -> None:
    """Let no character end a command that a stream's encoding lacks, nor a stream.

    Python has None for a stream that was closed before it began.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # A file takes the descriptor, so that no connection gets it.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def echo(line: str) -> None:
    """Write a line for people to standard output."""
    sys.stdout.write(printable(line) + "\n")


def echo_error(line: str) -> None:
    """Write a line for people beside the output, to standard error."""
    sys.stderr.write(printable(line) + "\n")
    sys.stderr.flush()


def echo_json(value: object) -> None:
    """Write JSON to standard output, a line of it."""
    sys.stdout.write(json_text(value, for_terminal=sys.stdout.isatty()) + "\n")


def json_text(value: object, *, for_terminal: bool, indent: int | None = None) -> str:
    """Write JSON; for a terminal, what it would obey is escaped."""
    written = json.dumps(value, ensure_ascii=False, indent=indent)
    # Half of a surrogate pair has no UTF-8, but JSON has escapes for it.
    written = _HALF_OF_A_PAIR.sub(lambda half: f"\\u{ord(half[0]):04x}", written)
    return written.translate(_ESCAPED) if for_terminal else written


def printable(text: str) -> str:
    """Replace control characters of text from elsewhere: no terminal obeys it."""
    return text.replace("\r\n", "\n").translate(_REPLACED)


def has_colours(stream: TextIO) -> bool:
    return (
        stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
