"""When to refresh what expires: decided at the time of a call, never by a timer.

The two words are botocore's. An advisory refresh goes on in the background while the
value is still used; a mandatory one comes first.
"""

from enum import Enum, auto
from typing import Final

_ADVISORY: Final = (5, 300.0)
_MANDATORY: Final = (20, 30.0)
"""A fraction of the lifetime, and the seconds it is at most."""

_SLACK: Final = 60.0
"""Seconds by which a clock may step without making a time left implausible."""


class RefreshNeed(Enum):
    NONE = auto()
    ADVISORY = auto()
    MANDATORY = auto()


def refresh_need(remaining: float, lifetime: float) -> RefreshNeed:
    """Judge what has ``remaining`` of ``lifetime`` seconds.

    More remaining than it ever had tells of a clock that was moved: then the time left
    is not known, and a refresh is mandatory.
    """
    if remaining < _threshold(_MANDATORY, lifetime) or remaining > lifetime + _SLACK:
        return RefreshNeed.MANDATORY
    if remaining < _threshold(_ADVISORY, lifetime):
        return RefreshNeed.ADVISORY
    return RefreshNeed.NONE


def _threshold(rule: tuple[int, float], lifetime: float) -> float:
    fraction, most = rule
    return min(lifetime / fraction, most)
