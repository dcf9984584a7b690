"""Answers HTTP APIs of API Gateway: stage, route, CORS, event, function, response.

An ``HttpApi`` is an ASGI application. Payload and answer have format 2.0, as those of
function URLs have: ``aikagi_emulator.urls`` makes and reads them.
"""

from aikagi_emulator.http_api.http_api import HttpApi, HttpApiSettings
from aikagi_emulator.http_api.routes import ANY, Route, RouteError, RouteKey

__all__ = ["ANY", "HttpApi", "HttpApiSettings", "Route", "RouteError", "RouteKey"]
