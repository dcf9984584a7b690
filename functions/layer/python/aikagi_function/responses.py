"""What stands around the events, the same for a stream and for a whole answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aikagi_function.events import CONTENT_TYPE
from aikagi_function.request import Request

METHODS: Final = ("POST",)
"""A long task is begun on purpose: nothing that follows links or tries twice posts."""

MARGIN: Final = 2.0
"""Seconds before Lambda's timeout in which the last event is still delivered."""

EVENT_HEADERS: Final[Mapping[str, str]] = {"content-type": CONTENT_TYPE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A response instead of events: ``{"message": "…"}``."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def bad_request(error: ValueError) -> Refusal:
    return _refusal(400, str(error))


def wrong_method(request: Request, methods: tuple[str, ...]) -> Refusal | None:
    if request.method in methods:
        return None
    allowed = " or ".join(methods)
    return _refusal(
        405, f"Call this function with {allowed}.", allow=", ".join(methods)
    )


def _refusal(status: int, message: str, **headers: str) -> Refusal:
    return Refusal(
        status=status,
        body=json.dumps({"message": message}, ensure_ascii=False),
        headers={"content-type": "application/json", **headers},
    )
