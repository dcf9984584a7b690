"""``GET /``: the page, which logs in, gets credentials and calls a function."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response

from app.web.assets import FOREVER, REVALIDATE, STATIC, Asset, Assets

_SOURCE: Final = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
_DOCUMENT: Final = "page/index.html"
_DIGEST: Final = re.compile("[0-9a-f]{16}")


def install(app: FastAPI, *, connect_to: Sequence[str], static: Path = STATIC) -> None:
    """Let ``app`` answer with the page.

    Args:
        app: the broker's application.
        connect_to: the origins, beside its own, that the page may call, as CSP host
            sources: ``https://*.lambda-url.eu-west-1.on.aws``. ``ValueError`` names
            one that is not.
        static: the folder that ``client/`` and ``page/`` are in.

    """
    policy = _policy(connect_to)
    files = Assets(static, "client", "page", without=_DOCUMENT)
    router = APIRouter(include_in_schema=False)

    @cache
    def document() -> Asset:
        source = (static / _DOCUMENT).read_bytes()
        return Asset(source.replace(b"{digest}", files.digest.encode()), ".html")

    @cache
    def client() -> Asset:
        module = f'export * from "./{files.digest}/client/aikagi.js";\n'
        return Asset(module.encode(), ".js")

    @router.get("/")
    def page(request: Request) -> Response:
        headers = {"Cache-Control": REVALIDATE, "Content-Security-Policy": policy}
        return document().answer(request, headers)

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
