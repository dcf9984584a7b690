"""Answers function URLs: signature, permission, CORS, event, function, response.

A ``FunctionUrl`` is an ASGI application. What it needs from the rest of the stack
stands here as ``Gate`` and ``Function``; ``local.aws`` and ``local.runtime`` satisfy
them by shape.
"""

from local.urls.cors import Cors
from local.urls.function_url import Function, FunctionUrl
from local.urls.gate import Caller, Gate, RefusedError
from local.urls.settings import UrlError, UrlSettings

__all__ = [
    "Caller",
    "Cors",
    "Function",
    "FunctionUrl",
    "Gate",
    "RefusedError",
    "UrlError",
    "UrlSettings",
]
