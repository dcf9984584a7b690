"""The contract of the two clients: ``tests/vectors/*.json``, one file for each topic.

A file says what it holds under ``about``; each of its ``vectors`` has an ``id``. The
tests of the Python client and those of the browser client read all of them, which
``tests/test_vectors.py`` sees to: a vector is added to its file and nowhere else.
"""

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import pytest

FOLDER: Final = Path(__file__).parent / "vectors"
READ: Final = "read_vectors"
"""The attribute of a test that says what it reads: the topic, and the ids."""

Vector = dict[str, Any]
Test = Callable[..., None]


def topics() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(topic: str) -> list[Vector]:
    vectors: list[Vector] = json.loads((FOLDER / f"{topic}.json").read_text())[
        "vectors"
    ]
    return vectors


def reads(
    topic: str, only: Callable[[Vector], bool] = lambda _: True
) -> Callable[[Test], Test]:
    """Run a test for each vector of a topic, or for those that ``only`` takes."""
    vectors = [vector for vector in load(topic) if only(vector)]
    ids = [vector["id"] for vector in vectors]

    def decorate(test: Test) -> Test:
        setattr(test, READ, (topic, ids))
        return pytest.mark.parametrize("vector", vectors, ids=ids)(test)

    return decorate


def bytes_of(chunk: str | Vector) -> bytes:
    """Read a chunk: text, ``{"base64"}``, or ``{"text", "times"}``."""
    if isinstance(chunk, str):
        return chunk.encode()
    if "base64" in chunk:
        return base64.b64decode(chunk["base64"])
    return bytes_of(chunk["text"]) * int(chunk["times"])


def for_client(vector: Vector, client: str) -> Vector:
    """Give a vector with what one client makes of it, where that differs."""
    return {**vector, **vector.get("differs", {}).get(client, {})}


def text_of(text: str | Vector) -> str:
    return bytes_of(text).decode()


_MOST_PIECES: Final = 3000


def ways_to_arrive(chunks: Iterable[str | Vector]) -> dict[str, list[bytes]]:
    """Give the pieces as they are, the whole at once and, unless it is long, each byte
    by itself.
    """
    pieces = [bytes_of(chunk) for chunk in chunks]
    whole = b"".join(pieces)
    ways = {"in pieces": pieces, "whole": [whole] if whole else []}
    if len(whole) <= _MOST_PIECES:
        ways["by the byte"] = [bytes([byte]) for byte in whole]
    return ways


def expected(vector: Vector) -> tuple[list[Vector], Vector | None]:
    """Give the events and the error of a vector, written out."""
    error = vector.get("error")
    if error is not None and "text" in error:
        error = {**error, "text": text_of(error["text"])}
    return [_written_out(event) for event in vector["events"]], error


def _written_out(event: Vector) -> Vector:
    match event.get("value"):
        case {"levels": int(levels)}:
            return {**event, "value": json.loads("[" * levels + "]" * levels)}
        case {"repeated": parts}:
            return {**event, "value": "".join(text * times for text, times in parts)}
        case _:
            return event


def joined(events: Iterable[Vector], *, is_text: bool) -> list[Vector]:
    """Give events as vectors write them: one for all pieces of an answer of text."""
    events = list(events)
    if not is_text:
        return events
    others = [event for event in events if event["type"] != "output"]
    pieces = [event["text"] for event in events if event["type"] == "output"]
    assert all(pieces), "no piece is empty"
    assert not pieces or not others or "".join(pieces) == others[-1]["value"]
    return [*([{"type": "output", "text": "*"}] if pieces else []), *others]
