"""What a diagnosis looked at, and what it found there.

Checks and causes have the same names in the browser client's ``diagnose()``;
``tests/vectors/diagnoses.json`` holds both to them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

TOLERANCE: Final = 300
"""Seconds by which AWS lets a clock be wrong."""

LATER: Final = "Try again later; if it stays so, the operator's log has more."
OPERATOR: Final = "The operator's to look at."


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. ``ok`` is None where it could not be.

    Of a fault, ``cause`` is a stable word and ``advice`` says what to do about it.
    """

    check: str
    ok: bool | None
    detail: str
    cause: str = "none"
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def good(check: str, detail: str) -> Check:
    return Check(check=check, ok=True, detail=detail)


def unknown(check: str, detail: str) -> Check:
    return Check(check=check, ok=None, detail=detail)


def fault(check: str, cause: str, detail: str, advice: str) -> Check:
    return Check(check=check, ok=False, detail=detail, cause=cause, advice=advice)


def main_fault(checks: Sequence[Check]) -> Check | None:
    """Give the fault that explains most: a wrong clock here stops no call of ours."""
    faults = [check for check in checks if check.ok is False]
    return next(
        (fault for fault in faults if fault.check != "clock"), next(iter(faults), None)
    )


def clock_check(
    check: str, whose: str, shown: float, against: str, answer: httpx2.Response
) -> Check:
    """Compare what a clock shows (epoch seconds) with the ``Date`` of an answer."""
    theirs = time_of(answer)
    if theirs is None:
        return unknown(check, f"{against} is not known")
    off = shown - theirs
    if abs(off) < TOLERANCE:
        return good(check, f"{whose} agrees with {against}")
    side = "ahead of" if off > 0 else "behind"
    return fault(
        check,
        "clock",
        f"{whose} is {length(abs(off))} {side} {against}",
        "Set it. Calls by aikagi follow the broker's, an AWS SDK's do not.",
    )


def time_of(answer: httpx2.Response) -> float | None:
    """Give the ``Date`` of an answer, in epoch seconds."""
    try:
        return parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def length(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
