"""``handler``: the broker on Lambda, behind an HTTP API."""

import gc
import os

from app.asgi import assemble_app
from app.http_api import handler_for
from app.web.workers import SameThread

_app, _assembly = assemble_app(SameThread())
handler = handler_for(_app)

if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    # An ordinary start does without it, and Lambda's runtime has what it imports.
    from app.snapstart import SnapStartHooks

    SnapStartHooks(handler, _app, _assembly).register()

# What is there by now stays: no collection has to look at it again.
gc.freeze()
