"""What a function answers, whatever its form, as events (JSON objects).

Streamed NDJSON and the same bytes at once are events one by one; plain JSON is one
result; text is output, and then a result.
"""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from aikagi.errors import EndedEarlyError, MalformedError
from aikagi.events import LAST

LONGEST_LINE: Final = 8 * 1024 * 1024
"""Bytes: more than a buffered URL answers in all."""

_NDJSON: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl"}
)

RawEvent = dict[str, Any]


def read_events(chunks: Iterable[bytes], media_type: str) -> Iterator[RawEvent]:
    """Read an answer as it comes, up to its last event.

    Raises ``EndedEarlyError`` where that one is missing, ``MalformedError`` where an
    answer is not what ``media_type`` (a ``Content-Type``) says.
    """
    return _reader(media_type)(chunks)


def _reader(media_type: str) -> Callable[[Iterable[bytes]], Iterator[RawEvent]]:
    kind = media_type.partition(";")[0].strip().lower()
    if kind in _NDJSON:
        return _ndjson
    if kind == "application/json" or kind.endswith("+json"):
        return _json
    return _text if kind.startswith("text/") else _bytes


def _ndjson(chunks: Iterable[bytes]) -> Iterator[RawEvent]:
    count = 0
    for line in _lines(chunks):
        event = _parse_object(line)
        yield event
        count += 1
        if event.get("type") in LAST:
            return
    raise EndedEarlyError(count)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give whole lines. A last one without its end was cut, and is not given."""
    line = bytearray()
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            line += part
            if line.strip():
                yield bytes(line)
            line.clear()
        line += rest
        if len(line) > LONGEST_LINE:
            raise MalformedError(f"An event has more than {LONGEST_LINE} bytes")


def _parse_object(line: bytes) -> RawEvent:
    event = _parse_json(line, "An event")
    if not isinstance(event, dict):
        raise MalformedError("An event is not a JSON object")
    return event


def _json(chunks: Iterable[bytes]) -> Iterator[RawEvent]:
    yield {"type": "result", "value": _parse_json(b"".join(chunks), "The answer")}


def _parse_json(text: bytes, what: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{what} is not JSON") from error


def _text(chunks: Iterable[bytes]) -> Iterator[RawEvent]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    whole = []
    for chunk in chunks:
        if text := decoder.decode(chunk):
            whole.append(text)
            yield {"type": "output", "text": text}
    if text := decoder.decode(b"", final=True):
        whole.append(text)
        yield {"type": "output", "text": text}
    yield {"type": "result", "value": "".join(whole)}


def _bytes(chunks: Iterable[bytes]) -> Iterator[RawEvent]:
    yield {"type": "result", "value": b"".join(chunks)}
