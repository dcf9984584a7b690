"""What stands around the events, the same for a stream and for a whole answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from events import CONTENT_TYPE
from tasks.request import Request

METHODS: Final = ("POST",)
"""A long task is begun on purpose: nothing that follows links or tries twice posts."""

MARGIN: Final = 2.0
"""Seconds before Lambda's end in which the last words are still delivered."""

EVENTS: Final[Mapping[str, str]] = {"content-type": CONTENT_TYPE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer instead of events: ``{"message": "…"}``."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def bad_request(error: ValueError) -> Refusal:
    return _refusal(400, str(error))


def wrong_method(request: Request, methods: tuple[str, ...]) -> Refusal | None:
    if request.method in methods:
        return None
    named = " or ".join(methods)
    return _refusal(405, f"Call this function with {named}.", allow=", ".join(methods))


def _refusal(status: int, message: str, **headers: str) -> Refusal:
    return Refusal(
        status=status,
        body=json.dumps({"message": message}, ensure_ascii=False),
        headers={"content-type": "application/json", **headers},
    )
