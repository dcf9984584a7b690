"""``app``: the ASGI application for any server, built from the environment.

``uvicorn app.main:app --no-proxy-headers`` on a laptop; Mangum on Lambda.
"""

from app import logs
from app.bootstrap import build_broker
from app.settings import settings_from_environment
from app.web.application import create_app

_settings = settings_from_environment()
logs.configure(_settings.log_level)

app = create_app(
    build_broker(_settings),
    allowed_origins=_settings.allowed_origins,
    # The page may talk to any function URL of the Region: naming each would tell
    # a stranger the catalogue.
    connect_to=_settings.local_function_urls
    or (f"https://*.lambda-url.{_settings.region}.on.aws",),
    trusted_proxies=_settings.trusted_proxies,
    docs=_settings.docs,
)
