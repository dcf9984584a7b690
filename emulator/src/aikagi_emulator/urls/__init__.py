"""Answers function URLs: signature, permission, CORS, event, function, response.

A ``FunctionUrl`` is an ASGI application. What it needs from the rest of the stack
stands here as ``Gate`` and ``Function``; ``aws`` and ``runtime`` satisfy
them by shape.
"""

from aikagi_emulator.urls.cors import Cors
from aikagi_emulator.urls.function_url import Function, FunctionUrl, check_modes
from aikagi_emulator.urls.gate import Caller, Gate, RefusedError
from aikagi_emulator.urls.settings import UrlError, UrlSettings

__all__ = [
    "Caller",
    "Cors",
    "Function",
    "FunctionUrl",
    "Gate",
    "RefusedError",
    "UrlError",
    "UrlSettings",
    "check_modes",
]
