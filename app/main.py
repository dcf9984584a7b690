"""``app``: the ASGI application for any server, built from the environment.

``uvicorn app.main:app --no-proxy-headers`` on a laptop. On Lambda it is
``app.lambda_handler``.
"""

from app.asgi import build_app
from app.bootstrap import CONNECTIONS
from app.web.workers import Threads

app = build_app(Threads(CONNECTIONS))
