"""Requests and answers of the control API, in JSON."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, final

from aikagi_emulator.aws import Fault, Kind
from aikagi_emulator.aws.faults import ANY

T = TypeVar("T")

PREFIX: Final = b"/_emulator/"

_REQUIRED: Final = frozenset({"Fault", "Service"})
_OPTIONAL: Final = frozenset({"Action", "Seconds", "Times"})
_IN_WORDS: Final = {int: "a whole number", list: "a list", str: "a string"}
_CHANGES: Final = ("AdvanceSeconds", "OffsetSeconds")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Of the clock: by so much, from where it is or from the real time."""

    by: timedelta
    relative: bool


def decode_change(body: object) -> Change:
    """Read ``{"AdvanceSeconds": n}`` or ``{"OffsetSeconds": n}``.

    Raises ``ValueError`` for anything else.
    """
    if not isinstance(body, dict) or len(body) != 1 or not body.keys() <= {*_CHANGES}:
        msg = f"The body is an object with one of {' and '.join(_CHANGES)}"
        raise ValueError(msg)
    ((name, value),) = body.items()
    try:
        by = timedelta(seconds=_number(name, value))
    except OverflowError as error:
        msg = f"{name} is too far"
        raise ValueError(msg) from error
    return Change(by=by, relative=name == "AdvanceSeconds")


def encode_clock(now: datetime, offset: timedelta) -> Mapping[str, Any]:
    text = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"Now": text, "OffsetSeconds": offset.total_seconds()}


def decode_delay(body: object) -> timedelta:
    """Read ``{"Seconds": n}``. Raises ``ValueError`` for anything else."""
    if not isinstance(body, dict) or body.keys() != {"Seconds"}:
        msg = "The body is an object with Seconds"
        raise ValueError(msg)
    try:
        return timedelta(seconds=_number("Seconds", body["Seconds"]))
    except OverflowError as error:
        msg = "Seconds is too far"
        raise ValueError(msg) from error


def encode_delay(delay: timedelta) -> Mapping[str, Any]:
    return {"Seconds": delay.total_seconds()}


def decode_faults(body: object) -> list[Fault]:
    """All of them, or ``ValueError``: what is not a fault, and what is."""
    return [_decode_fault(fault) for fault in _typed("The body", body, list)]


def _decode_fault(body: object) -> Fault:
    if (
        not isinstance(body, dict)
        or not body.keys() >= _REQUIRED
        or not body.keys() <= _REQUIRED | _OPTIONAL
    ):
        msg = (
            f"A fault is an object with {' and '.join(sorted(_REQUIRED))} and, where "
            f"wanted, {', '.join(sorted(_OPTIONAL))}"
        )
        raise ValueError(msg)
    kind = _typed("Fault", body["Fault"], str)
    if kind not in {*Kind}:
        msg = f"Fault is one of {', '.join(Kind)}"
        raise ValueError(msg)
    return Fault(
        service=_typed("Service", body["Service"], str),
        kind=Kind(kind),
        action=_typed("Action", body.get("Action", ANY), str),
        times=_typed("Times", body.get("Times", 1), int),
        seconds=_number("Seconds", body.get("Seconds", 0)),
    )


def encode_fault(fault: Fault) -> Mapping[str, Any]:
    body = {
        "Service": fault.service,
        "Action": fault.action,
        "Fault": str(fault.kind),
        "Times": fault.times,
    }
    return {**body, "Seconds": fault.seconds} if fault.kind is Kind.SLOW else body


def _typed(name: str, value: object, kind: type[T]) -> T:
    # Not isinstance: true is a number to it.
    if type(value) is not kind:
        msg = f"{name} is {_IN_WORDS[kind]}"
        raise ValueError(msg)
    return value


def _number(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        value = math.nan
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        msg = f"{name} is a number of seconds"
        raise ValueError(msg)
    return number
