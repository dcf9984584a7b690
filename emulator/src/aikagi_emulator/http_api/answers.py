"""What an HTTP API answers without, or instead of, a function.

Their words are API Gateway's. That a body of more than 10 MB, and an event of more than
Lambda's 6 MB, is a 413, and a throttled function a 503, is documented nowhere: only an
account can say whether it is so.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""

import json
from http import HTTPStatus
from typing import Final

from aikagi_emulator.urls.response import Response

_PHRASES: Final = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request Entity Too Large"}


def answer(status: HTTPStatus) -> Response:
    """An answer that says its status in words, such as ``{"message":"Not Found"}``."""
    phrase = _PHRASES.get(status, status.phrase)
    return Response(
        status=status,
        headers=(("content-type", "application/json"),),
        body=json.dumps({"message": phrase}, separators=(",", ":")).encode(),
    )
