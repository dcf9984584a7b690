"""What ``--data`` means: the bytes that are sent, and what they are said to be."""

import json
import mimetypes
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from aikagi.commands.place import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    body: bytes = field(repr=False)
    media_type: str


def read_data(typed: str) -> Data:
    """Read a text as it was typed, the file of ``@file``, or standard input of ``@-``.

    Raises ``UsageError`` where there is no such file.
    """
    if not typed.startswith("@"):
        body = os.fsencode(typed)
        return Data(body=body, media_type=_look_at(body))
    if typed == "@-":
        body = sys.stdin.buffer.read()
        return Data(body=body, media_type=_look_at(body))
    path = Path(typed[1:])
    try:
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    named, _ = mimetypes.guess_type(path.name)
    # Functions ask for a text or for JSON, whatever its author wrote it in.
    if named is None or named.startswith("text/"):
        named = _look_at(body)
    return Data(body=body, media_type=named)


def _look_at(body: bytes) -> str:
    try:
        text = body.decode()
    except ValueError:
        return "application/octet-stream"
    if text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return "application/json"
    return "text/plain; charset=utf-8"
