"""``handler``: the broker on Lambda, behind an HTTP API."""

import gc

from app.asgi import build_app
from app.http_api import handler_for
from app.web.workers import SameThread

handler = handler_for(build_app(SameThread()))

# What is there by now stays: no collection has to look at it again.
gc.freeze()
