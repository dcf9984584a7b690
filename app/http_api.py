"""An ASGI application behind an HTTP API: every event gets an answer.

Mangum raises on a Host with two colons and on any event that is not HTTP, and an
exception on Lambda is a bare 500 without a word of ours.
"""

import json
import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from mangum import Mangum
from mangum.types import ASGI

from app.http_api_event import EventRefusedError, read

Handler: TypeAlias = Callable[[Any, Any], dict[str, Any]]

_TEXT: Final = ["text/", "application/json", "application/problem+json", "image/svg"]
"""What leaves as it is; anything else leaves in base64."""

_log = logging.getLogger(__name__)


def handler_for(app: ASGI) -> Handler:
    """Make a Lambda handler that answers events of payload format 2.0 with ``app``."""
    # Mangum would run the lifespan at every invocation.
    mangum = Mangum(app, lifespan="off", text_mime_types=_TEXT)

    def handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's
        try:
            return mangum(dict(read(event)), context)
        except EventRefusedError as refused:
            _log.warning("An event was refused: %s", refused)
            return _problem(400, "Bad Request")
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer
            _log.exception("A request ended without an answer")
            return _problem(500, "Internal Server Error")

    return handler


def _problem(status: int, title: str) -> dict[str, Any]:
    body = {"type": "about:blank", "title": title, "status": status}
    return {
        "statusCode": status,
        "headers": {
            "content-type": "application/problem+json",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
