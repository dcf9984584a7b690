"""Which sentences have most in common with all the others: TextRank.

Sentences are the places of a random walk. From one of them the walk goes to another
with a chance proportional to how alike the two are (the cosine of their words, rare
words counting more), and now and then to any. How often it visits a sentence is the
sentence's rank.
(Mihalcea and Tarau, 2004; with the cosine, Erkan and Radev's continuous LexRank, 2004.)

How alike all pairs are would be a table of the square of their number. It is never
written down: with the sentences as the rows of a sparse matrix V it is V times V
transposed, and a step of the walk goes through both in turn. So time and memory grow
with the text, and not with its square.
"""

from array import array
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import log
from operator import mul, sub
from typing import Final, final

_DAMPING: Final = 0.85
_STEPS: Final = 24
_STILL: Final = 1e-3
"""The walk has settled when so little of it moves in a step."""

_NOTHING: Final = 1e-9
"""Less than this in common with all the others together is a rounding error."""


@final
class Ranking:
    """Add all the sentences, then weigh and walk."""

    steps: Final = _STEPS

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._holders = array("I")  # of each word: in how many sentences it is
        self._bounds = array("I", [0])  # of each sentence: where its words end
        self._words = array("I")
        self._weights = array("d")
        self._own = array("d")  # of each sentence: what it has in common with itself
        self.ranks = array("d")

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def add(self, words: Mapping[str, float]) -> None:
        numbers, holders = self._numbers, self._holders
        for word, times in words.items():
            number = numbers.setdefault(word, len(numbers))
            if number == len(holders):
                holders.append(0)
            holders[number] += 1
            self._words.append(number)
            self._weights.append(times)
        self._bounds.append(len(self._words))

    def weigh(self) -> None:
        """Weigh words by how rare they are, and give each sentence the length one.

        A word of a single sentence leads nowhere. It counts for the length only.
        """
        self._numbers.clear()
        count = len(self)
        rarity = array("d", (log(count / held) for held in self._holders))
        bounds, words, weights = array("I", [0]), array("I"), array("d")
        for start, end in pairwise(self._bounds):
            row = self._words[start:end]
            weighed = [
                times * rarity[word]
                for word, times in zip(row, self._weights[start:end], strict=True)
            ]
            length = sum(map(mul, weighed, weighed)) ** 0.5
            for word, weight in zip(row, weighed, strict=True):
                if weight and self._holders[word] > 1:
                    words.append(word)
                    weights.append(weight / length)
            kept = weights[bounds[-1] :]
            self._own.append(sum(map(mul, kept, kept)))
            bounds.append(len(words))
        self._bounds, self._words, self._weights = bounds, words, weights

    def walk(self) -> Iterator[int]:
        """Take the walk's steps, and yield their numbers; ``ranks`` then has the rest.

        The ranks are visits compared with the average, which is 1.
        """
        count = len(self)
        degrees = self._met([1.0] * count)
        everywhere = sum(degrees) / count or 1.0
        ranks = [degree / everywhere for degree in degrees]
        for step in range(1, _STEPS + 1):
            leaving = [
                rank / degree if degree > _NOTHING else 0.0
                for rank, degree in zip(ranks, degrees, strict=True)
            ]
            arrived = [1 - _DAMPING + _DAMPING * met for met in self._met(leaving)]
            moved = sum(map(abs, map(sub, arrived, ranks)))
            ranks = arrived
            yield step
            if moved < _STILL * count:
                break
        self.ranks = array("d", ranks)

    def _met(self, leaving: list[float]) -> list[float]:
        """Return what arrives at each sentence, of what leaves all the others."""
        carried = [0.0] * len(self._holders)
        for (start, end), amount in zip(pairwise(self._bounds), leaving, strict=True):
            if amount:
                words, weights = self._words[start:end], self._weights[start:end]
                for word, weight in zip(words, weights, strict=True):
                    carried[word] += weight * amount
        met = []
        for start, end in pairwise(self._bounds):
            words, weights = self._words[start:end], self._weights[start:end]
            met.append(sum(map(mul, weights, map(carried.__getitem__, words))))
        # Nobody walks from a sentence to itself.
        return list(map(sub, met, map(mul, leaving, self._own)))

    def row(self, sentence: int) -> dict[int, float]:
        """Return the words a sentence shares with others, and their weights."""
        start, end = self._bounds[sentence], self._bounds[sentence + 1]
        words, weights = self._words[start:end], self._weights[start:end]
        return dict(zip(words, weights, strict=True))
