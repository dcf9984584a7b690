"""The events of a long task, as ``docs/functions.md`` describes them.

An event that says that the task failed is raised as ``TaskError``, never passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aikagi.errors import MalformedError, TaskError

LAST: Final = frozenset({"result", "error"})
"""The types of event that end a task."""

RawEvent = dict[str, Any]
"""An event as it came: a JSON object, unknown members included."""


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
class Ping:
    """The task is still at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The task is done. ``value`` is JSON's, or ``bytes`` of any other type."""

    value: Any


TaskEvent = Start | Progress | Output | Ping | Result

_REQUIRED: Final[Mapping[str, Mapping[str, type]]] = {
    "start": {},
    "progress": {"done": float},
    "output": {"text": str},
    "ping": {},
    "result": {},
    "error": {"code": str, "message": str},
}
_OPTIONAL: Final[Mapping[str, Mapping[str, type]]] = {
    "start": {"total": float},
    "progress": {"total": float, "code": str, "message": str},
}
"""Members that may be missing or null, by the type of the event."""


def is_known(raw: Mapping[str, Any]) -> bool:
    """Tell whether the event is of a type that this version reads.

    Raises ``MalformedError`` where a member is missing, or of another type than
    ``docs/clients.md`` says. Of types that a later version may send nothing is asked.
    """
    kind = raw.get("type")
    if not isinstance(kind, str):
        raise MalformedError("An event has no type")
    if kind not in _REQUIRED:
        return False
    for name, type_ in _REQUIRED[kind].items():
        _require(raw, name, type_)
    for name, type_ in _OPTIONAL.get(kind, {}).items():
        if raw.get(name) is not None:
            _require(raw, name, type_)
    return True


def _require(raw: Mapping[str, Any], name: str, type_: type) -> None:
    value = raw.get(name)
    if type_ is float:
        is_right = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        is_right = isinstance(value, type_)
    if not is_right:
        wanted = "a number" if type_ is float else "a string"
        raise MalformedError(
            f"{name!r} of an event of type {raw['type']} is not {wanted}"
        )


def parse_event(
    raw: Mapping[str, Any], request_id: str | None = None
) -> TaskEvent | None:
    """Read one event; None for a type that a later version may send.

    Raises:
        TaskError: the event says that the task failed, in the call of ``request_id``.
        MalformedError: it is not what its type says.
    """
    if not is_known(raw):
        return None
    match raw["type"]:
        case "start":
            return Start(total=raw.get("total"))
        case "progress":
            return Progress(
                done=raw["done"],
                total=raw.get("total"),
                code=raw.get("code"),
                message=raw.get("message"),
            )
        case "output":
            return Output(text=raw["text"])
        case "ping":
            return Ping()
        case "result":
            return Result(value=raw.get("value"))
        case _:
            raise TaskError(raw["code"], raw["message"], request_id=request_id)
