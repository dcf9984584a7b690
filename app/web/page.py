"""``GET /``: the page, which logs in, borrows a key and calls a function."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response

from app.web.assets import FOREVER, REVALIDATE, STATIC, Asset, Assets

# Indentation and empty lines too, and whole lines where a comment is all there is.
_FOR_PEOPLE: Final = re.compile(
    rb"^[ \t]*(?:/\*\*(?:[^*]|\*(?!/))*\*/|//[^\n]*)\n+"
    rb"|/\*\*(?:[^*]|\*(?!/))*\*/ ?"
    rb"|^[ \t]+"
    rb"|^\n",
    re.MULTILINE,
)
_SOURCE: Final = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?")


def install(app: FastAPI, *, connect_to: Sequence[str]) -> None:
    """Let ``app`` answer with the page.

    Args:
        app: the broker's application.
        connect_to: the origins, beside its own, that the page may call, as CSP host
            sources: ``https://*.lambda-url.eu-west-1.on.aws``. ``ValueError`` names
            one that is not.

    """
    policy = _policy(connect_to)
    assets = Assets(STATIC / "page")
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def page(request: Request) -> Response:
        headers = {"Cache-Control": REVALIDATE, "Content-Security-Policy": policy}
        return assets.find("index.html").answer(request, headers)

    @router.get("/static/{name:path}")
    def asset(request: Request, name: str) -> Response:
        if name.startswith("vendor/"):
            return assets.find(name).answer(request, {"Cache-Control": FOREVER})
        found = assets.find(name)
        sent = as_sent(found) if name.endswith(".js") else found
        return sent.answer(request, {"Cache-Control": REVALIDATE})

    app.include_router(router)


def as_sent(module: Asset) -> Asset:
    """Return a module of ours without what is in it for people: a third of its size."""
    return replace(module, content=_FOR_PEOPLE.sub(b"", module.content))


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
        "img-src": "'self'",
        "connect-src": " ".join(["'self'", *connect_to]),
        # Its forms are answered by the script. Without it a password stays here.
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())
