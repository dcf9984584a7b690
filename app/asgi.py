"""Make the ASGI application out of the environment."""

from fastapi import FastAPI

from app import logs
from app.bootstrap import Assembly, assemble
from app.settings import settings_from_environment
from app.web.application import create_app
from app.web.workers import Workers


def build_app(workers: Workers) -> FastAPI:
    """Raise ``SystemExit`` with a line for each setting that is wrong."""
    return assemble_app(workers)[0]


def assemble_app(workers: Workers) -> tuple[FastAPI, Assembly]:
    """Do the same, and give also what the application is made of."""
    settings = settings_from_environment()
    logs.configure(settings.log_level)
    assembly = assemble(settings)
    app = create_app(
        assembly.broker,
        workers=workers,
        allowed_origins=settings.allowed_origins,
        # The page may talk to any function URL of the Region: naming each would tell
        # a stranger the catalogue.
        connect_to=settings.local_function_urls
        or (f"https://*.lambda-url.{settings.region}.on.aws",),
        trusted_proxies=settings.trusted_proxies,
        docs=settings.docs,
    )
    return app, assembly
