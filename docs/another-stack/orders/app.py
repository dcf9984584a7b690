"""Counts the orders of its caller: a function of another stack than the broker's."""

from typing import Any

from aikagi_function import Request

_OPEN = {"alice": 3, "bob": 1}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    caller = Request.from_event(event).caller
    if caller is None or caller.issuer != "local":
        return {"caller": None, "open": 0}
    return {"caller": caller.identity(), "open": _OPEN.get(caller.subject, 0)}
