"""Counts what is in a text: a small job with an input that can be wrong.

``POST`` a text as ``text/plain``, or as JSON ``{"text": "…"}``. Characters are counted
right in any script; words are what stands between spaces and marks, so a language that
writes none of these has long ones.
"""

import json
import re
import unicodedata
from collections import Counter
from typing import Any, Final

from aikagi_function import BadRequestError, Request

_WORD: Final = re.compile(r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}-][^\W_]+)*")
_PIECE: Final = re.compile(r"(?:[^\w\s]{0,30}+[\w\s]++)*+[^\w\s]{0,30}+")
"""A text up to the thirtieth of many marks in a row.

Unicode bounds them so for a normaliser (UAX #15, section 13), which sorts the marks of
one letter: Python's takes the square of their number.
"""
_MOST: Final = 10


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    request = Request.from_event(event)
    if request.method != "POST":
        return _answer(405, {"message": "Send a text with POST."}, {"allow": "POST"})
    try:
        counts = count(_text_of(request))
    except BadRequestError as error:
        return _answer(400, {"message": str(error)})
    caller = request.caller.identity() if request.caller else None
    return _answer(200, {**counts, "caller": caller})


def count(text: str) -> dict[str, Any]:
    """Count characters (as written: a letter and its accent are one), words, lines."""
    composed = "".join(
        unicodedata.normalize("NFC", piece) for piece in _PIECE.findall(text)
    )
    words = Counter(word[0].casefold() for word in _WORD.finditer(composed))
    ranked = sorted(words.items(), key=lambda item: (-item[1], item[0]))
    return {
        "characters": len(composed),
        "characters_without_spaces": len("".join(composed.split())),
        "words": words.total(),
        "different_words": len(words),
        "lines": len(composed.splitlines()),
        "most_frequent": [{"word": word, "times": n} for word, n in ranked[:_MOST]],
    }


def _text_of(request: Request) -> str:
    if request.content_type == "text/plain":
        return request.text()
    if request.content_type != "application/json":
        msg = "Send text/plain, or application/json."
        raise BadRequestError(msg)
    match request.json():
        case {"text": str(text)}:
            return text
        case _:
            msg = 'The body must be an object with a text: {"text": "…"}.'
            raise BadRequestError(msg)


def _answer(
    status: int, value: dict[str, Any], headers: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": json.dumps(value, ensure_ascii=False),
    }
