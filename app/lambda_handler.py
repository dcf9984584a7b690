"""``handler``: the broker on Lambda, behind an HTTP API."""

import gc
import os

from app.asgi import assemble_app
from app.domain.metrics import COLD_STARTS
from app.http_api import handler_for
from app.web.workers import SameThread

_app, _assembly = assemble_app(SameThread())
handler = handler_for(_app)

_initialization = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
"""AWS Lambda Developer Guide, "Defined runtime environment variables"."""

if _initialization == "snap-start":
    # An ordinary start does without it, and Lambda's runtime has what it imports.
    from app.snapstart import SnapStartHooks

    SnapStartHooks(handler, _app, _assembly).register()
elif _initialization == "on-demand":
    # Somebody waits for this. For what is provisioned, nobody does.
    _assembly.metrics.add(COLD_STARTS)

# What is there by now stays: no collection has to look at it again.
gc.freeze()
