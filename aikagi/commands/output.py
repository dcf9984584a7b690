"""Lines for people and for programs, on the two streams."""

import json
import os
import sys
from typing import Any, Final, TextIO

_CONTROLS: Final = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))
    if chr(code) not in "\n\t"
}


def echo(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(line + "\n")


def echo_error(line: str) -> None:
    """Write a line beside the output, to standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def echo_json(value: Any, *, indent: int | None = None) -> None:  # noqa: ANN401 - any JSON
    echo(json.dumps(value, ensure_ascii=False, indent=indent))


def printable(text: str) -> str:
    """Replace control characters of text from elsewhere: no terminal obeys it."""
    return text.replace("\r\n", "\n").translate(_CONTROLS)


def has_colours(stream: TextIO) -> bool:
    return (
        stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
