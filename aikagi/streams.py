"""What a function answers, whatever its form, as events (JSON objects).

NDJSON and server-sent events are events one by one, streamed or at once; JSON is one
result; text is output, and then a result. ``docs/clients.md`` has the rules, and
``tests/vectors/`` an example of each, which the browser client is tried on as well.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from aikagi.errors import EndedEarlyError, MalformedError
from aikagi.events import LAST, RawEvent, is_known

LONGEST_LINE: Final = 8 * 1024 * 1024
"""Bytes: more than a buffered URL answers in all. So much is held in memory at most: of
an event, of JSON, and of a text or bytes that are a result."""

DEEPEST: Final = 500
"""Levels of arrays and objects. What is nested deeper is not read as JSON (RFC 8259,
section 9): a parser that calls itself would run out of stack."""

_NDJSON: Final = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonl",
        "application/jsonlines",
        "application/x-jsonlines",
    }
)
_BOM: Final = b"\xef\xbb\xbf"
_JSON_SPACE: Final = " \t\r\n"

_CHARSET: Final = re.compile(r';\s*charset\s*=\s*"?([^\s;"]+)', re.IGNORECASE)
_WEB_ENCODINGS: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16-le",
}
"""What a name stands for on the web, where that is not Python's (WHATWG, Encoding,
section 4.2)."""

_KNOWN_ENCODING: Final = re.compile(
    r"utf-8-sig|utf-16-[bl]e|iso8859-\d+|cp(125\d|866|874|932|949)|koi8-[ru]"
    r"|gb18030|big5hkscs|euc_jp|iso2022_jp"
)


def read_events(
    chunks: Iterable[bytes], content_type: str, *, whole: bool = True
) -> Iterator[RawEvent]:
    """Read an answer as it comes, up to its last event.

    Without ``whole``, text, bytes and JSON that is too long for one result are passed
    on: the result does not hold them.

    Raises ``EndedEarlyError`` where that one is missing, ``MalformedError`` where an
    event is not one.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _NDJSON:
        return _ndjson(chunks)
    if kind == "text/event-stream":
        return _sse(chunks, whole=whole)
    # A JSON MIME type, as WHATWG's MIME Sniffing has it (section 4.6).
    if kind in {"application/json", "text/json"} or kind.endswith("+json"):
        return _json(chunks, whole=whole)
    if kind.startswith("text/"):
        return _text(chunks, content_type, whole=whole)
    return _bytes(chunks) if whole else _bytes_in_pieces(chunks)


def _ndjson(chunks: Iterable[bytes]) -> Iterator[RawEvent]:
    return _up_to_last(_parsed_lines(chunks))


def _up_to_last(events: Iterable[RawEvent]) -> Iterator[RawEvent]:
    count = 0
    for event in events:
        count += is_known(event)
        yield event
        if event["type"] in LAST:
            return
    raise EndedEarlyError(count)


def _parsed_lines(chunks: Iterable[bytes]) -> Iterator[RawEvent]:
    for line, is_ended in _lines(chunks):
        if not line.strip(_JSON_SPACE.encode()):
            continue
        try:
            value = _parse_json(line.decode())
        except ValueError as error:
            if not is_ended:
                return  # The answer was cut in the middle of the line.
            raise MalformedError("An event is not JSON") from error
        yield _require_object(value)


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Give each line without its line feed, and whether it had one: the last may not.

    A byte order mark before the first is left out.
    """
    line = bytearray()
    bom = _BOM
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            line += part
            _require_bounded(line)
            yield bytes(line).removeprefix(bom), True
            bom = b""
            line.clear()
        line += rest
        _require_bounded(line)
    if line:
        yield bytes(line).removeprefix(bom), False


def _require_bounded(line: bytearray) -> None:
    if len(line) > LONGEST_LINE:
        raise MalformedError(f"An event has more than {LONGEST_LINE} bytes")


def _require_object(value: object) -> RawEvent:
    if not isinstance(value, dict):
        raise MalformedError("An event is not a JSON object")
    return value


class _ReplayableChunks:
    """Iterates over chunks, and can begin again until ``discard`` is called."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._seen: list[bytes] = []
        self._size = 0
        self._keeps = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        if self._keeps:
            if self._size > LONGEST_LINE:
                raise MalformedError(f"{LONGEST_LINE} bytes hold no event")
            self._seen.append(chunk)
            self._size += len(chunk)
        return chunk

    def discard(self) -> None:
        self._keeps = False
        self._seen.clear()

    def replay(self) -> Iterator[bytes]:
        """Give all chunks, also those that were given."""
        return chain(self._seen, self._chunks)


def _sse(chunks: Iterable[bytes], *, whole: bool) -> Iterator[RawEvent]:
    """Read server-sent events (HTML, section 9.2.6), if the first is one of ours.

    If it is not, this is somebody else's protocol, and the answer a text.
    """
    replayable = _ReplayableChunks(chunks)
    frames = _frames(_lines(replayable))
    first = next(frames, None)
    if first is None:
        raise EndedEarlyError(0)
    if _is_ours(first):
        replayable.discard()
        yield from _up_to_last(map(_event_in, chain([first], frames)))
    else:
        yield from _text(replayable.replay(), "text/event-stream", whole=whole)


_Frame = tuple[bytes, bytes]
"""The name of a server-sent event, and its data."""


def _frames(lines: Iterable[tuple[bytes, bool]]) -> Iterator[_Frame]:
    """Give the events that have data. A last one without its blank line is none."""
    name, data = b"", bytearray()
    for block, _ in lines:
        # A carriage return alone ends a line, too.
        for line in block.removesuffix(b"\r").split(b"\r"):
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"event":
                name = value
            elif field == b"data":
                data += value + b"\n"
                _require_bounded(data)
            elif not line:
                if data.strip():
                    yield name, bytes(data)
                name, data = b"", bytearray()


def _event_in(frame: _Frame) -> RawEvent:
    """Read an event, whose type is its name, unless its data say another."""
    name, data = frame
    try:
        value = _require_object(_parse_json(data.decode()))
    except ValueError as error:
        raise MalformedError("An event is not JSON") from error
    return {"type": name.decode(errors="replace"), **value} if name else value


def _is_ours(frame: _Frame) -> bool:
    try:
        return is_known(_event_in(frame))
    except MalformedError:
        return False


def _json(chunks: Iterable[bytes], *, whole: bool) -> Iterator[RawEvent]:
    """Give one result or, of JSON that nobody could hold, its bytes."""
    body = bytearray()
    chunks = iter(chunks)
    for chunk in chunks:
        body += chunk
        if len(body) > LONGEST_LINE and not whole:
            yield from _bytes_in_pieces(chain([bytes(body)], chunks))
            return
        _require_held(len(body))
    yield {"type": "result", "value": _json_value(bytes(body))}


def _joined(chunks: Iterable[bytes]) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        _require_held(len(body))
    return bytes(body)


def _require_held(size: int) -> None:
    if size > LONGEST_LINE:
        raise MalformedError(
            f"The answer has more than {LONGEST_LINE} bytes, too many for one result"
        )


def _json_value(body: bytes) -> Any:  # noqa: ANN401 - any JSON, text or bytes
    """Give the value or, where the body is not JSON, the body as it is.

    Lambda calls JSON whatever a function gives no content type, a bare word too.
    """
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError:
        return body  # RFC 8259, section 8.1: JSON is UTF-8
    try:
        return _parse_json(text) if text else None
    except ValueError:
        return text


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")  # though Python's parser takes it


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


def _parse_json(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Parse JSON. Raises ``ValueError`` where it is not, or nested too deep."""
    if text.count("[") + text.count("{") > DEEPEST and _depth(text) > DEEPEST:
        raise ValueError(f"It has more than {DEEPEST} levels")
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("It is nested too deep for the stack there is") from error


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in "]}":
            depth -= 1
    return deepest


def _text(
    chunks: Iterable[bytes], content_type: str, *, whole: bool
) -> Iterator[RawEvent]:
    held: list[str] = []
    size = 0
    for text in decoded(chunks, content_type):
        yield {"type": "output", "text": text}
        if whole or not held:
            held.append(text)
            size += len(text)
            _require_held(size)
    if whole or not held:
        yield {"type": "result", "value": "".join(held)}
    else:
        yield {"type": "result"}


def decoded(chunks: Iterable[bytes], content_type: str) -> Iterator[str]:
    """Give a text by the piece, in the charset that its content type names.

    Without one, or with one that nobody knows, it is UTF-8. What is no character is
    replaced; a byte order mark is left out.
    """
    decoder = codecs.getincrementaldecoder(_encoding(content_type))(errors="replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def _encoding(content_type: str) -> str:
    charset = _CHARSET.search(content_type)
    try:
        name = codecs.lookup(charset[1] if charset else "utf-8").name
    except LookupError:
        return "utf-8-sig"
    encoding = _WEB_ENCODINGS.get(name, name)
    # Python has codecs that are none of the web's, and some that are none of text.
    return encoding if _KNOWN_ENCODING.fullmatch(encoding) else "utf-8-sig"


def _bytes(chunks: Iterable[bytes]) -> Iterator[RawEvent]:
    yield {"type": "result", "value": _joined(chunks) or None}


def _bytes_in_pieces(chunks: Iterable[bytes]) -> Iterator[RawEvent]:
    is_empty = True
    for chunk in filter(None, chunks):
        is_empty = False
        yield {"type": "bytes", "value": chunk}
    yield {"type": "result", "value": None} if is_empty else {"type": "result"}
