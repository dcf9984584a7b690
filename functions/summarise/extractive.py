"""The engine that needs no model: it chooses sentences of the text itself.

Sentences that have most in common with all the others come first (the cosine of their
words, rare words counting more), and each that is chosen takes from the others what
they have in common with it.
"""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from heapq import nlargest
from math import log, sqrt
from typing import Final

from aikagi_function.events import Event, Output, Progress
from summarise.summary import Summary, default_sentences
from summarise.text import language_of, sentences_of, words_of

_CANDIDATES: Final = 400
_SAME: Final = 0.6
"""Sentences whose cosine is above this say the same."""

_SENTENCE_ENDS: Final = tuple('.!?…。！？".」』)')


def extract(text: str, sentences: int | None = None) -> Generator[Event, None, Summary]:
    of, reported = 0, 0
    words: dict[str, Counter[str]] = {}  # by sentence: what is repeated counts once
    for done, found in sentences_of(text):
        of += len(found)
        words |= {
            sentence: words_of(sentence) for sentence in found if sentence not in words
        }
        if done - reported >= 32_768:  # noqa: PLR2004 - less is done before anybody looks
            reported = done
            yield Progress(done, len(text), "reading", "Reading the text")
    yield Progress(len(text), len(text), "reading", "Reading the text")
    if not words:
        of, words = 1, {text.strip()[:600]: Counter()}

    yield Progress(0, of, "ranking", "Comparing the sentences")
    vectors = _vectors(list(words.values()))
    ranks = _ranks(words, vectors)
    chosen = _choose(ranks, vectors, sentences or default_sentences(of))
    yield Progress(of, of, "ranking", "Comparing the sentences")

    written = list(words)
    for done, number in enumerate(chosen):
        yield Progress(done, len(chosen), "writing", "Writing the summary")
        yield Output(("\n" if done else "") + written[number])
    yield Progress(len(chosen), len(chosen), "writing", "Writing the summary")
    return Summary(
        sentences=len(chosen),
        of=of,
        characters=len("\n".join(written[number] for number in chosen)),
        language=language_of(text),
        engine="extractive",
    )


def _vectors(sentences: Sequence[Mapping[str, int]]) -> list[dict[str, float]]:
    """Return the weights of each sentence's words, all sentences with a length of 1."""
    holders = Counter(word for words in sentences for word in words)
    vectors = []
    for words in sentences:
        weights = {
            word: times * log(len(sentences) / holders[word])
            for word, times in words.items()
        }
        length = sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        vectors.append({word: weight / length for word, weight in weights.items()})
    return vectors


def _ranks(
    sentences: Mapping[str, Counter[str]], vectors: Sequence[Mapping[str, float]]
) -> list[float]:
    """Return what each sentence has in common with all the others together."""
    total = Counter[str]()
    for vector in vectors:
        total.update(vector)
    ranks = []
    for (sentence, words), vector in zip(sentences.items(), vectors, strict=True):
        common = sum(weight * (total[word] - weight) for word, weight in vector.items())
        # Headings and other scraps are like all that follows: they would rank too high.
        worth = min(1.0, words.total() / 6)
        worth *= 1.0 if sentence.endswith(_SENTENCE_ENDS) else 0.5
        ranks.append(common * worth)
    return ranks


def _choose(
    ranks: Sequence[float], vectors: Sequence[Mapping[str, float]], wanted: int
) -> list[int]:
    """Return the numbers of ``wanted`` sentences at most, in their order."""
    most = max(_CANDIDATES, wanted * 20)
    # Rounded: Pythons do not all add up in the same way.
    rank = {number: round(value, 9) for number, value in enumerate(ranks)}
    left = dict.fromkeys(nlargest(most, rank, key=lambda n: (rank[n], -n)), 0.0)
    chosen: list[int] = []
    while left and len(chosen) < wanted:
        best = max(left, key=lambda n: (round(rank[n] * (1 - left[n]), 9), -n))
        chosen.append(best)
        del left[best]
        for number in list(left):
            pairs = vectors[number].items()
            cosine = sum(weight * vectors[best].get(word, 0) for word, weight in pairs)
            left[number] = max(left[number], cosine)
            if cosine > _SAME:
                del left[number]
    return sorted(chosen)
