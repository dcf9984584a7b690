"""Why Lambda refused a signed request, from what it says.

The names are those of AWS's common errors; which of them a function URL uses, only an
account can settle. The status and the header come first, so a guess is never worse
than "not allowed".
"""

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus


class Refusal(Enum):
    """``detail`` is what it is, ``advice`` what to do."""

    NONE = ("", "")
    CLOCK = ("the signature's time is off", "Set this machine's clock.")
    SIGNATURE = (
        "what arrived is not what was signed",
        "Does a proxy change requests on their way?",
    )
    EXPIRED = ("the credentials have expired", "Try again: new ones are fetched.")
    UNKNOWN = (
        "AWS does not know the credentials",
        "Is the function in the broker's own account and Region?",
    )
    PERMISSION = (
        "Lambda does not let you in",
        "The operator's to look at: the invoke role needs both invoke actions on it.",
    )
    THROTTLED = (
        "too many run at once",
        "Try again. If it stays so, is the reserved concurrency 0?",
    )
    CRASHED = ("the function crashed", "Its author's to look at: its log knows more.")

    @property
    def detail(self) -> str:
        return self.value[0]

    @property
    def advice(self) -> str:
        return self.value[1]


_NAMED = {
    "ExpiredTokenException": Refusal.EXPIRED,
    "UnrecognizedClientException": Refusal.UNKNOWN,
    "InvalidClientTokenId": Refusal.UNKNOWN,
    "SignatureDoesNotMatch": Refusal.SIGNATURE,
    "IncompleteSignatureException": Refusal.SIGNATURE,
    "RequestExpired": Refusal.CLOCK,
}


def read_refusal(status: int, headers: Mapping[str, str], text: str) -> Refusal:
    """Tell refusals of Lambda's apart. A function's own answer is none."""
    if status == HTTPStatus.BAD_GATEWAY:
        return Refusal.CRASHED
    if "x-amzn-errortype" not in headers:
        return Refusal.NONE
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Refusal.THROTTLED
    if status != HTTPStatus.FORBIDDEN:
        return Refusal.NONE
    kind = headers["x-amzn-errortype"].partition(":")[0]
    if kind == "InvalidSignatureException":
        timely = "expired" in text or "not yet current" in text
        return Refusal.CLOCK if timely else Refusal.SIGNATURE
    return _NAMED.get(kind, Refusal.PERMISSION)
