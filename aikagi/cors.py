"""Whether a function's URL lets a page call it, from its answer to a preflight."""

from collections.abc import Mapping
from typing import Final

SIGNED_REQUEST_HEADERS: Final = (
    "authorization,content-type,x-amz-date,x-amz-security-token"
)
"""Those that a signed request of a page has."""


def missing_permission(headers: Mapping[str, str], origin: str) -> str | None:
    """Say what a page of ``origin`` is not allowed, or None."""
    if headers.get("access-control-allow-origin") not in (origin, "*"):
        return "AllowOrigins lacks it"
    if not _list_of(headers, "access-control-allow-methods") & {"post", "*"}:
        return "AllowMethods lacks POST"
    allowed = _list_of(headers, "access-control-allow-headers")
    # An asterisk does not cover "authorization" (Fetch, section 3.3.2).
    lacking = set(SIGNED_REQUEST_HEADERS.split(",")) - allowed
    if "*" in allowed:
        lacking &= {"authorization"}
    return f"AllowHeaders lacks {', '.join(sorted(lacking))}" if lacking else None


def _list_of(headers: Mapping[str, str], name: str) -> set[str]:
    words = headers.get(name, "").lower().split(",")
    return {word.strip() for word in words}
