"""The HTTP face of a broker."""

from collections.abc import Collection, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fastapi import FastAPI
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware
from fastapi.telemetry import TelemetryConfig

from app.broker import Broker
from app.web import auth, credentials, functions, grants, health, page, problems
from app.web import docs as api_docs
from app.web.bodies import BodyLimit
from app.web.caller_address import Network
from app.web.headers import RequestIds, SecurityHeaders, WithoutCookies
from app.web.login_pool import LoginPool
from app.web.methods import AllowHeader, HeadAsGet
from app.web.openapi import DescribedApi, operation_id
from app.web.problems import NeverRaise
from app.web.workers import Threads, Workers

_DESCRIPTION = """
Log in, ask for a grant, sign your request with it, and call the function URL yourself.
The token of an identity provider that this deployment trusts does as well as a login.

Every failure is a problem document (RFC 9457) with a stable `type` and the
`request_id` under which the log knows it. `/auth/login`, `/auth/refresh` and
`/auth/password` add `error` and `error_description` to it, as OAuth2 clients expect
(RFC 6749, section 5.2). Where `GET` works, `HEAD` does too.
"""


_THREADS: Final = 8

# FastAPI would hand bodies, with passwords, and messages of exceptions to whatever
# OpenTelemetry provider a process has, and asks for one several times in each request.
_NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(  # noqa: PLR0913 - a deployment chooses each of these
    broker: Broker,
    *,
    workers: Workers | None = None,
    allowed_origins: Sequence[str] = (),
    connect_to: Sequence[str] = (),
    trusted_proxies: Collection[Network] = (),
    docs: bool = True,
) -> FastAPI:
    """Build the API around ``broker``; it reads no settings and opens nothing.

    ``workers`` do what waits for AWS: without any, a few threads.

    ``allowed_origins`` are pages elsewhere that may call it, ``connect_to`` the
    origins the broker's own page may call besides it. ``trusted_proxies`` are
    believed when they say whom they speak for.
    """
    app = DescribedApi(
        title="Aikagi",
        summary="A credential broker for AWS Lambda function URLs",
        description=_DESCRIPTION,
        version=_version(),
        servers=[{"url": "."}],
        openapi_url="/openapi.json" if docs else None,
        docs_url=None,
        redoc_url=None,
        # A redirect would repeat the Host header, which anybody can invent.
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        middleware=_middleware(allowed_origins),
        telemetry=_NO_TELEMETRY,
        openapi_tags=[{"name": name} for name in ("login", "grants", "operation")],
    )
    app.state.broker = broker
    app.state.workers = workers or Threads(_THREADS)
    app.state.login_pool = LoginPool()
    app.state.trusted_proxies = trusted_proxies
    # Routes are tried in turn, and grants are what is asked for most.
    for routes in (grants, credentials, functions, auth, health):
        app.include_router(routes.router)
    app.include_router(auth.token_endpoints)
    problems.install(app)
    page.install(app, connect_to=connect_to, sign_in_issuers=broker.sign_in_issuers)
    if docs:
        api_docs.install(app)
    return app


def _middleware(allowed_origins: Sequence[str]) -> list[Middleware]:
    """List it from the outside in. What refuses stands inside what sets headers."""
    return [
        Middleware(HeadAsGet),
        Middleware(RequestIds),
        Middleware(SecurityHeaders),
        Middleware(
            CORSMiddleware,
            allow_origins=allowed_origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["authorization", "content-type"],
            allow_credentials=False,
            expose_headers=["date", "retry-after", "x-request-id"],
            max_age=3600,
        ),
        Middleware(AllowHeader),
        Middleware(NeverRaise),
        Middleware(WithoutCookies),
        Middleware(BodyLimit),
    ]


def _version() -> str:
    try:
        return version("aikagi")
    except PackageNotFoundError:  # run from a checkout or a Lambda package
        return "0.1.0"
