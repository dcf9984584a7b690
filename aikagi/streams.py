"""What a function answers, whatever its form, as events (JSON objects).

Streamed NDJSON and the same bytes at once are told one by one; plain JSON is one
result; text is output, and then a result.
"""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from aikagi.errors import EndedEarlyError, GarbledError
from aikagi.events import LAST

LONGEST_LINE: Final = 8 * 1024 * 1024
"""Bytes: more than a buffered URL answers in all."""

_NDJSON: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl"}
)

Told = dict[str, Any]


def told_events(pieces: Iterable[bytes], media_type: str) -> Iterator[Told]:
    """Read an answer as it comes, up to its last event.

    Raises ``EndedEarlyError`` where that one is missing, ``GarbledError`` where an
    answer is not what ``media_type`` (a ``Content-Type``) says.
    """
    return _reader(media_type)(pieces)


def _reader(media_type: str) -> Callable[[Iterable[bytes]], Iterator[Told]]:
    kind = media_type.partition(";")[0].strip().lower()
    if kind in _NDJSON:
        return _ndjson
    if kind == "application/json" or kind.endswith("+json"):
        return _json
    return _text if kind.startswith("text/") else _bytes


def _ndjson(pieces: Iterable[bytes]) -> Iterator[Told]:
    count = 0
    for line in _lines(pieces):
        told = _object(line)
        yield told
        count += 1
        if told.get("type") in LAST:
            return
    raise EndedEarlyError(count)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give whole lines. A last one without its end was cut, and is not given."""
    line = bytearray()
    for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for part in ended:
            line += part
            if line.strip():
                yield bytes(line)
            line.clear()
        line += rest
        if len(line) > LONGEST_LINE:
            raise GarbledError(f"An event has more than {LONGEST_LINE} bytes")


def _object(line: bytes) -> Told:
    told = _parsed(line, "An event")
    if not isinstance(told, dict):
        raise GarbledError("An event is not a JSON object")
    return told


def _json(pieces: Iterable[bytes]) -> Iterator[Told]:
    yield {"type": "result", "value": _parsed(b"".join(pieces), "The answer")}


def _parsed(text: bytes, what: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GarbledError(f"{what} is not JSON") from error


def _text(pieces: Iterable[bytes]) -> Iterator[Told]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    whole = []
    for piece in pieces:
        if text := decoder.decode(piece):
            whole.append(text)
            yield {"type": "output", "text": text}
    if text := decoder.decode(b"", final=True):
        whole.append(text)
        yield {"type": "output", "text": text}
    yield {"type": "result", "value": "".join(whole)}


def _bytes(pieces: Iterable[bytes]) -> Iterator[Told]:
    yield {"type": "result", "value": b"".join(pieces)}
