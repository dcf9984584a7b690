"""``GET /``: the page, which logs in, gets credentials and calls a function."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.domain.errors import IssuersUnavailableError
from app.domain.issuers import Issuer
from app.web.assets import FOREVER, REVALIDATE, STATIC, Asset, Assets
from app.web.dependencies import when_ready

_SOURCE: Final = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
_DOCUMENT: Final = "page/index.html"
_DIGEST: Final = re.compile("[0-9a-f]{16}")


def _nobody() -> Iterable[Issuer]:
    return ()


def install(
    app: FastAPI,
    *,
    connect_to: Sequence[str],
    sign_in_issuers: Callable[[], Iterable[Issuer]] = _nobody,
    static: Path = STATIC,
) -> None:
    """Let ``app`` answer with the page.

    Args:
        app: the broker's application.
        connect_to: the origins, beside its own, that the page may call, as CSP host
            sources: ``https://*.lambda-url.eu-west-1.on.aws``. ``ValueError`` names
            one that is not.
        sign_in_issuers: lists those that the page signs in through, whose origins it
            may call as well. While they cannot be listed it does without them.
        static: the folder that ``client/`` and ``page/`` are in.

    """
    _policy(connect_to)  # or refused at the start
    files = Assets(static, "client", "page", without=_DOCUMENT)
    router = APIRouter(include_in_schema=False)

    @lru_cache(maxsize=4)
    def document(policy: str) -> Asset:
        source = (static / _DOCUMENT).read_bytes()
        rendered = source.replace(b"{digest}", files.digest.encode())
        # Whether a browser takes a new policy from an answer 304 is up to it.
        return Asset(rendered, ".html", variant=policy)

    @cache
    def client() -> Asset:
        module = f'export * from "./{files.digest}/client/aikagi.js";\n'
        return Asset(module.encode(), ".js")

    @router.get("/")
    async def page(request: Request) -> Response:
        policy = _policy([*connect_to, *await _origins(sign_in_issuers)])
        headers = {"Cache-Control": REVALIDATE, "Content-Security-Policy": policy}
        return await run_in_threadpool(
            lambda: document(policy).answer(request, headers)
        )

    # These two addresses stay: pages of other origins and their tools name them.
    @router.get("/static/aikagi.js")
    def client_module(request: Request) -> Response:
        return client().answer(request, {"Cache-Control": REVALIDATE})

    @router.get("/static/aikagi.d.ts")
    def client_types(request: Request) -> Response:
        types = files.find("client/aikagi.d.ts")
        return types.answer(request, {"Cache-Control": REVALIDATE})

    @router.get("/static/{digest}/{name:path}")
    def asset(request: Request, digest: str, name: str) -> Response:
        if not _DIGEST.fullmatch(digest):
            raise HTTPException(404)
        # A page that was opened before a deployment gets what it imports later from the
        # files of today. Nobody keeps that under the digest of other files.
        cached = FOREVER if digest == files.digest else REVALIDATE
        return files.find(name).answer(request, {"Cache-Control": cached})

    app.include_router(router)


async def _origins(sign_in_issuers: Callable[[], Iterable[Issuer]]) -> list[str]:
    """Give the origins from configuration alone: nothing is fetched for them."""
    try:
        issuers = await when_ready(sign_in_issuers)
    except IssuersUnavailableError:
        return []
    found = [issuer.sign_in.origins for issuer in issuers if issuer.sign_in]
    return list(dict.fromkeys(origin for origins in found for origin in origins))


def _policy(connect_to: Sequence[str]) -> str:
    for source in connect_to:
        # A semicolon or a space in one would begin a directive of its own.
        if not _SOURCE.fullmatch(source):
            message = f"Not an origin the page may call: {source!r}"
            raise ValueError(message)
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        # A picture that a function answered with has no address but that of its bytes.
        "img-src": "'self' blob:",
        "connect-src": " ".join(["'self'", *connect_to]),
        # Its forms are answered by the script. Without it a password stays here.
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())
