"""What a function URL answers without, or instead of, its function.

The 403 is in AWS's words. What a URL answers when it is throttled, when a request is
too large or a function fails is documented nowhere: the 429 and 413 are what the
Invoke API answers, and only an account can say whether a URL does the same.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import json
from typing import Final

from aikagi_emulator.urls.gate import RefusedError
from aikagi_emulator.urls.request import LARGEST_BODY
from aikagi_emulator.urls.response import Response

_JSON: Final = ("content-type", "application/json")


def refused(error: RefusedError) -> Response:
    return _with_reason(error.status, {"Message": error.message}, error.code)


def too_large() -> Response:
    message = (
        f"Request must be smaller than {LARGEST_BODY} bytes for the InvokeFunction "
        "operation"
    )
    return _with_reason(413, {"Message": message}, "RequestEntityTooLargeException")


def throttled() -> Response:
    body = {
        "Reason": "ConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    return _with_reason(429, body, "TooManyRequestsException")


def failed() -> Response:
    """Answer for a function that crashed, timed out, raised or made no sense."""
    return Response(status=502, headers=(_JSON,), body=b"Internal Server Error")


def _with_reason(status: int, body: dict[str, str], error_type: str) -> Response:
    return Response(
        status=status,
        headers=(_JSON, ("x-amzn-errortype", error_type)),
        body=json.dumps(body, separators=(",", ":")).encode(),
    )
