"""``GET /docs``: the API described by Swagger UI, from files of our own.

FastAPI's own page loads floating scripts from a CDN and runs an inline one.
"""

from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response

from app.web.assets import FOREVER, REVALIDATE, STATIC, Assets

_FOLDER: Final = STATIC / "docs"
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # The icons are written into Swagger UI's style sheet.
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        # No Trusted Types: Swagger UI sets innerHTML.
    )
)


def install(app: FastAPI) -> None:
    """Let ``app`` answer with its documentation; its schema is at ``/openapi.json``."""
    assets = Assets(_FOLDER)
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    def docs(request: Request) -> Response:
        headers = {"Cache-Control": REVALIDATE, "Content-Security-Policy": _POLICY}
        return assets.find("index.html").answer(request, headers)

    @router.get("/docs/assets/{name:path}")
    def asset(request: Request, name: str) -> Response:
        # What stands in a folder here stands in one named after its version.
        cached = FOREVER if "/" in name else REVALIDATE
        return assets.find(name).answer(request, {"Cache-Control": cached})

    app.include_router(router)
