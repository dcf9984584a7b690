"""Which content coding an answer travels in (RFC 9110, sections 8.4 and 12.5.3)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

IDENTITY: Final = "identity"
GZIP: Final = "gzip"

_ELEMENT: Final = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)"
    r"(?:[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*",
    re.IGNORECASE,
)
_UNLISTED_IDENTITY: Final = 0.0001
"""Acceptable, and less welcome than whatever is listed: a weight has three decimals."""


def preferred(accept_encoding: str | None, available: Sequence[str]) -> str | None:
    """Choose one of the ``available`` codings.

    Args:
        accept_encoding: the request's header, or ``None`` where it has none: then
            nothing is encoded, for whoever sends none may not know how to decode.
        available: codings in the order of preference among equals.

    Returns:
        The coding with the highest weight, or ``None`` where none is acceptable.

    """
    if accept_encoding is None:
        return IDENTITY if IDENTITY in available else None
    weights = _weights(accept_encoding)
    best = max(available, key=lambda coding: _weight(coding, weights))
    return best if _weight(best, weights) > 0 else None


def _weight(coding: str, weights: Mapping[str, float]) -> float:
    if coding in weights:
        return weights[coding]
    return weights.get("*", _UNLISTED_IDENTITY if coding == IDENTITY else 0)


def _weights(accept_encoding: str) -> dict[str, float]:
    """Read the header; an element that cannot be read counts as not listed."""
    weights = {}
    for element in accept_encoding.split(","):
        if found := _ELEMENT.fullmatch(element):
            coding = found[1].lower()
            # Section 8.4.1.3: an old name of the same coding.
            coding = GZIP if coding == "x-gzip" else coding
            weights[coding] = float(found[2] or 1)
    return weights
