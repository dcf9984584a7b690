"""What is written to the two streams."""

import json
import sys
from typing import Final

from app.domain.identity import LOCAL, Identity

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


def name_of(who: Identity) -> str:
    """Name somebody in a sentence."""
    return who.subject if who.issuer == LOCAL else f"{who.subject} of {who.issuer}"


def report_about(who: Identity, done: str, *, as_json: bool) -> None:
    """Say what was done; as JSON the name alone, for there is nothing else to read."""
    if not as_json:
        echo(done)
    elif who.issuer == LOCAL:
        echo(json.dumps({"Username": who.subject}))
    else:
        echo(json.dumps({"Issuer": who.issuer, "Subject": who.subject}))
