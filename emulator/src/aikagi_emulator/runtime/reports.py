"""What a process reports of its failures, as errors."""

import json
from typing import Any, Final

from aikagi_emulator.runtime.errors import FunctionFailedError, InitFailedError
from aikagi_emulator.runtime.wire import Call

_ERROR_TYPE: Final = "lambda-runtime-function-error-type"


def init_failure(call: Call) -> InitFailedError:
    """Read a ``POST /init/error``, whatever was sent."""
    error_type, message = _read(call)
    return InitFailedError(f"{error_type}: {message}")


def handler_failure(call: Call) -> FunctionFailedError:
    """Read a ``POST /invocation/…/error``, whatever was sent."""
    return FunctionFailedError(*_read(call))


def too_large(limit: int) -> FunctionFailedError:
    """Say it as the Invoke API does. ``limit`` is in bytes."""
    return FunctionFailedError(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({limit} bytes).",
    )


def _read(call: Call) -> tuple[str, str]:
    try:
        report: Any = json.loads(call.body or b"{}")
    except (ValueError, RecursionError):
        report = {}
    if not isinstance(report, dict):
        report = {}
    error_type = report.get("errorType") or call.headers.get(_ERROR_TYPE, "Unknown")
    return str(error_type), str(report.get("errorMessage", ""))
