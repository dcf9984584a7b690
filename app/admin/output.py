"""What is written to the two streams."""

import sys
from typing import Final

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def echo(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(printable(line) + "\n")


def echo_error(line: str) -> None:
    """Write a line beside the output, to standard error."""
    sys.stderr.write(printable(line) + "\n")
    sys.stderr.flush()


def printable(line: str) -> str:
    """Replace what a terminal would obey: a group or a subject may be any text."""
    return "".join(
        sign if sign.isprintable() or sign == "\t" else _REPLACEMENT for sign in line
    )
