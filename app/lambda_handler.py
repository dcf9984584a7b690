"""``handler``: the broker on Lambda, behind an HTTP API."""

from app.http_api import handler_for
from app.main import app

handler = handler_for(app)
