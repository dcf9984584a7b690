"""The events of a long task, as ``docs/functions.md`` describes them.

A last event that is an error is raised as ``TaskError``, never passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aikagi.errors import TaskError

LAST: Final = frozenset({"result", "error"})
"""The types of event that end a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The task began; ``total`` is how much there is to do, where it is known."""

    total: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``done`` of ``total``. Another ``code`` is another step: ``done`` starts anew."""

    done: float
    total: float | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A piece of text; the pieces join to one."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The task is done. ``value`` is JSON's, or ``bytes`` of any other type."""

    value: Any


TaskEvent = Start | Progress | Output | Result


def parse_event(raw: Mapping[str, Any]) -> TaskEvent | None:
    """Read one event; None for a ping, and for what a later version may send.

    Raises:
        TaskError: the event says that the task failed.
    """
    match raw:
        case {"type": "start"}:
            return Start(total=_number(raw.get("total")))
        case {"type": "progress"}:
            return Progress(
                done=_number(raw.get("done")) or 0,
                total=_number(raw.get("total")),
                code=_text(raw.get("code")),
                message=_text(raw.get("message")),
            )
        case {"type": "output", "text": str(text)}:
            return Output(text=text)
        case {"type": "result"}:
            return Result(value=raw.get("value"))
        case {"type": "error"}:
            raise TaskError(
                _text(raw.get("code")) or "failed", _text(raw.get("message")) or ""
            )
        case _:
            return None


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]  # mypy loses it


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
