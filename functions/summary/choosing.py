"""Choose sentences that rank high and do not say the same."""

from collections.abc import Sequence
from heapq import nsmallest
from operator import mul
from typing import Final

from summary.ranking import Ranking

_SAME: Final = 0.6
"""Sentences as alike as this say the same; the cosine of equal ones is 1."""

_FIELD: Final = 400
"""How many sentences are compared with each choice, at least."""


def best(rank: Ranking, worth: Sequence[float], wanted: int) -> list[int]:
    """Return ``wanted`` sentences at most, in the order in which they stand.

    ``worth`` is what each is worth by itself, from 0 to 1. Each choice takes from the
    others as much as they have in common with it.
    """
    value = list(map(mul, rank.ranks, worth))
    left = dict.fromkeys(_field(value, max(_FIELD, wanted * 20)), 0.0)
    rows = {one: rank.row(one) for one in left}
    chosen: list[int] = []
    while left and len(chosen) < wanted:
        pick = min(left, key=lambda one: _place(value[one] * (1 - left[one]), one))
        chosen.append(pick)
        for one in list(left):
            alike = _alike(rows[one], rows[pick])
            if one == pick or alike > _SAME:
                del left[one]
            else:
                left[one] = max(left[one], alike)
    return sorted(chosen)


def _field(value: list[float], size: int) -> list[int]:
    return nsmallest(size, range(len(value)), key=lambda one: _place(value[one], one))


def _place(value: float, one: int) -> tuple[float, int]:
    # Rounded: Pythons do not all add up in the same way.
    return -round(value, 9), one


def _alike(one: dict[int, float], other: dict[int, float]) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other.get(word, 0.0) for word, weight in one.items())
