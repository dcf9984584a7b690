"""Whether a function's URL lets a page call it, from its answer to a preflight."""

from collections.abc import Iterable, Mapping
from typing import Final

SIGNED_REQUEST_HEADERS: Final = (
    "authorization,content-type,x-amz-date,x-amz-security-token"
)
"""Those that a signed request of a page has."""


def missing_permission(headers: Mapping[str, str], origin: str) -> str | None:
    """Say what a page of ``origin`` is not allowed, or None."""
    if headers.get("access-control-allow-origin") not in (origin, "*"):
        return "AllowOrigins lacks it"
    # GET and POST need no entry in AllowMethods (Fetch, section 4.8, CORS-safelisted).
    allowed = _list_of(headers, "access-control-allow-headers")
    # An asterisk does not cover "authorization" (Fetch, section 3.3.2).
    lacking = set(SIGNED_REQUEST_HEADERS.split(",")) - allowed
    if "*" in allowed:
        lacking &= {"authorization"}
    return f"AllowHeaders lacks {', '.join(sorted(lacking))}" if lacking else None


def is_doubled(origins: Iterable[str]) -> bool:
    """Say whether an answer has more than one ``Access-Control-Allow-Origin``.

    ``origins`` are the values of all headers of that name. A browser reads no answer
    with two, even if they are the same (Fetch, section 4.10, CORS check).
    """
    return len(",".join(origins).split(",")) > 1


def _list_of(headers: Mapping[str, str], name: str) -> set[str]:
    words = headers.get(name, "").lower().split(",")
    return {word.strip() for word in words}
