"""Greets its caller: the shortest function that knows who is calling."""

from typing import Any

from url_event import UrlEvent


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    caller = UrlEvent.read(event).caller
    return {"message": "hello world", "caller": caller.identity() if caller else None}
