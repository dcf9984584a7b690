"""Greets its caller: the shortest function that knows who is calling."""

from typing import Any

from aikagi_function import Request


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    caller = Request.from_event(event).caller
    return {"message": "hello world", "caller": caller.identity() if caller else None}
