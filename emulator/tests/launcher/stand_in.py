"""Stands where an application would: shows its environment, and ends when told to.

``STATUS`` is the exit status with which it ends once it is asked for ``/end``, or at
once when it is negative.
"""

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

STATUS = int(os.environ.get("STATUS", "0"))

if STATUS < 0:
    os._exit(-STATUS)


async def app(
    scope: MutableMapping[str, Any],
    _receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    assert scope["type"] == "http"
    if scope["path"] == "/end":
        os._exit(STATUS)
    status = 200 if scope["path"] in {"/health", "/env"} else 404
    await send({"type": "http.response.start", "status": status, "headers": []})
    body = json.dumps(dict(os.environ)).encode()
    await send({"type": "http.response.body", "body": body})
