"""The events of a long task: one JSON object a line, the last one its end.

A stream begins with any event and ends with exactly one ``Result`` or ``Error``; a
reader takes a stream without one for broken off. Readers skip types and members that
they do not know, so that both may grow.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

CONTENT_TYPE: Final = "application/x-ndjson; charset=utf-8"

_COMPACT: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
)
_ESCAPED: Final = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Start:
    """The task has begun. ``total`` counts what is to be done, where that is known."""

    total: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` is done.

    ``code`` is a short word that stays the same for programs and translators,
    ``message`` is for people. Another ``code`` begins another step: ``done`` may fall.
    """

    done: int
    total: int | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A piece of the text that the task writes; the pieces joined are the whole."""

    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The task is still at work."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a task that succeeded. ``value`` is anything that JSON can hold."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Error:
    """The end of a task that failed: ``code`` for programs, ``message`` for people."""

    code: str
    message: str


Event: TypeAlias = Start | Progress | Output | Ping | Result | Error


def is_last(event: Event) -> bool:
    return isinstance(event, Result | Error)


def encode(event: Event) -> bytes:
    """Return the event's line.

    Raises:
        ValueError: JSON cannot hold a number in it.
        TypeError: JSON cannot hold something else in it, or it is no event.
    """
    line = _COMPACT.encode(_members(event))
    if not line.isascii():
        line = _ESCAPED.sub(_escape, line)
    return line.encode() + b"\n"


def _members(event: object) -> dict[str, Any]:
    match event:
        case Output(text):
            return {"type": "output", "text": text}
        case Progress(done, total, code, message):
            members = {"total": total, "code": code, "message": message}
            return {"type": "progress", "done": done, **_without_none(members)}
        case Start(total):
            return {"type": "start", **_without_none({"total": total})}
        case Ping():
            return {"type": "ping"}
        case Result(value):
            return {"type": "result", "value": value}
        case Error(code, message):
            return {"type": "error", "code": code, "message": message}
        case _:
            # Where no type checker reads along.
            msg = f"a task yields events, not {type(event).__name__}"
            raise TypeError(msg)


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _escape(character: re.Match[str]) -> str:
    """Write what UTF-8 cannot hold, or what some readers take for the end of a line."""
    return f"\\u{ord(character[0]):04x}"
