"""When to renew what ends: decided at the time of a call, never by a timer."""

from enum import Enum, auto
from typing import Final

_WANING: Final = (5, 300.0)
_SPENT: Final = (20, 30.0)
"""A fraction of the life, and the seconds it is at most."""

_SLACK: Final = 60.0
"""Seconds by which a clock may step without making a time left implausible."""


class Freshness(Enum):
    """``WANING``: use it and renew meanwhile. ``SPENT``: renew it first."""

    FRESH = auto()
    WANING = auto()
    SPENT = auto()


def freshness(left: float, life: float) -> Freshness:
    """Judge what has ``left`` of ``life`` seconds.

    More left than it ever had tells of a clock that was moved: such a thing is spent.
    """
    if left < _bound(_SPENT, life) or left > life + _SLACK:
        return Freshness.SPENT
    if left < _bound(_WANING, life):
        return Freshness.WANING
    return Freshness.FRESH


def _bound(rule: tuple[int, float], life: float) -> float:
    fraction, most = rule
    return min(life / fraction, most)
