"""Why Lambda refused a signed request, from what it says.

The names are those of AWS's common errors; which of them a function URL uses, only an
account can settle.
"""

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus


class Refusal(Enum):
    """``cause`` is a stable word, ``detail`` what it is, ``advice`` what to do."""

    NONE = ("none", "", "")
    CLOCK = ("clock", "the signature's time is off", "Compare the clocks.")
    SIGNATURE = (
        "signature",
        "what arrived is not what was signed",
        "Does a proxy change requests on their way?",
    )
    EXPIRED = ("expired", "the credentials have expired", "Try again, with new ones.")
    OTHER = ("refused", "AWS refuses the call", "The operator's to look at.")
    PERMISSION = (
        "permission",
        "Lambda does not let you in",
        "The operator's to look at: the invoke role needs both invoke actions on it.",
    )
    THROTTLED = (
        "throttled",
        "too many run at once",
        "Try again. If it stays so, is the reserved concurrency 0?",
    )
    CRASHED = (
        "function-failed",
        "the function itself fails",
        "Its author's to look at: its log has more.",
    )

    def __init__(self, cause: str, detail: str, advice: str) -> None:
        self.cause = cause
        self.detail = detail
        self.advice = advice


_NAMED = {
    "AccessDeniedException": Refusal.PERMISSION,
    "ExpiredTokenException": Refusal.EXPIRED,
    "IncompleteSignatureException": Refusal.SIGNATURE,
}


def classify_refusal(status: int, headers: Mapping[str, str], text: str) -> Refusal:
    """Tell refusals of Lambda's apart. A function's own answer below 500 is none."""
    kind = headers.get("x-amzn-errortype", "").partition(":")[0]
    if kind and status == HTTPStatus.TOO_MANY_REQUESTS:
        return Refusal.THROTTLED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refusal.CRASHED
    if not kind or status != HTTPStatus.FORBIDDEN:
        return Refusal.NONE
    if kind == "InvalidSignatureException":
        timely = "expired" in text or "not yet current" in text
        return Refusal.CLOCK if timely else Refusal.SIGNATURE
    return _NAMED.get(kind, Refusal.OTHER)
