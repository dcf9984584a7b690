"""The body that ``--data`` stands for: its bytes, and their media type."""

import json
import mimetypes
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from aikagi.commands.context import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    content: bytes = field(repr=False)
    media_type: str


def read_body(typed: str) -> Body:
    """Read a text as it was typed, the file of ``@file``, or standard input of ``@-``.

    Raises ``UsageError`` where there is no such file.
    """
    if not typed.startswith("@"):
        content = os.fsencode(typed)
        return Body(content=content, media_type=_guess_media_type(content))
    if typed == "@-":
        content = sys.stdin.buffer.read()
        return Body(content=content, media_type=_guess_media_type(content))
    path = Path(typed[1:])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    named, _ = mimetypes.guess_type(path.name)
    # Functions ask for a text or for JSON, whatever its author wrote it in.
    if named is None or named.startswith("text/"):
        named = _guess_media_type(content)
    return Body(content=content, media_type=named)


def _guess_media_type(content: bytes) -> str:
    try:
        text = content.decode()
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
