"""The engine that needs no model: it chooses sentences of the text itself."""

import re
from array import array
from collections.abc import Generator, Iterator, Mapping
from hashlib import blake2b
from math import log2
from typing import Final, final

from events import Event, Output, Progress
from summary.choosing import best
from summary.language import language_of
from summary.ranking import Ranking
from summary.scripts import HIRAGANA, KANJI, KATAKANA
from summary.sentences import Span, is_ended, pieces, says_something
from summary.told import Summary
from summary.words import words_of

_LOOKS_UP: Final = 64
"""How often each step tells how far it is, at most, however long the text."""

_LEAST: Final = 32_768
"""Characters, or words in a step: less than this is done before anybody looks."""

_FEWEST, _MOST = 3, 12

_ENOUGH: Final = 6
"""Words that make a sentence."""

_SCRAP: Final = 0.5

_JAPANESE: Final = (
    f"[{KANJI}{HIRAGANA}{KATAKANA}\u3001\u3002\u300c-\u300f\uff01-\uff5e]"
)
_BROKEN: Final = re.compile(rf"(?<={_JAPANESE})\s*[\r\n]\s*(?={_JAPANESE})")


def extract(
    text: str, *, sentences: int | None = None
) -> Generator[Event, None, Summary]:
    read = _Text(text)
    yield from read.reading()
    yield from read.ranking()
    wanted = sentences or usual(read.of)
    chosen = best(read.rank, read.worth, wanted)
    characters = 0
    for number, one in enumerate(chosen):
        piece = ("\n" if number else "") + read.sentence(one)
        characters += len(piece)
        yield Progress(number, len(chosen), "writing", "Writing the summary")
        yield Output(piece)
    yield Progress(len(chosen), len(chosen), "writing", "Writing the summary")
    return Summary(
        sentences=len(chosen),
        of=read.of,
        characters=characters,
        language=language_of(text),
        engine="extractive",
    )


def usual(of: int) -> int:
    """How many sentences a text of so many gets: never more than half of them."""
    return min(max(_FEWEST, round(log2(of))), _MOST, max(1, of // 2))


def _worth(words: Mapping[str, float], *, ended: bool) -> float:
    """Headings and other scraps are like all that follows: they rank too high."""
    return min(1.0, sum(words.values()) / _ENOUGH) * (1.0 if ended else _SCRAP)


@final
class _Text:
    """The sentences of a text. Each is kept once: what is repeated is not the theme."""

    def __init__(self, text: str) -> None:
        self.of = 0
        self.rank = Ranking()
        self._text = text
        self.worth = array("d")
        self._seen: set[bytes] = set()
        self._starts, self._ends = array("I"), array("I")

    def reading(self) -> Iterator[Progress]:
        total = len(self._text)
        pace = max(_LEAST, total // _LOOKS_UP)
        told = 0
        for span in pieces(self._text):
            if says_something(self._text, span):
                self._add(span)
            if span[1] - told >= pace:
                told = span[1]
                yield Progress(told, total, "reading", "Reading the text")
        if not self.of:
            # Nothing but signs: they are all there is to say.
            self._add(next(pieces(self._text)))
        self._seen.clear()
        yield Progress(total, total, "reading", "Reading the text")

    def ranking(self) -> Iterator[Progress]:
        self.rank.weigh()
        yield Progress(0, self.rank.steps, "ranking", "Comparing the sentences")
        for step in self.rank.walk():
            yield Progress(step, self.rank.steps, "ranking", "Comparing the sentences")
        yield Progress(
            self.rank.steps, self.rank.steps, "ranking", "Comparing the sentences"
        )

    def sentence(self, number: int) -> str:
        """Return a sentence in one line."""
        written = self._text[self._starts[number] : self._ends[number]]
        return " ".join(_BROKEN.sub("", written).split())

    def _add(self, span: Span) -> None:
        self.of += 1
        written = self._text[slice(*span)]
        key = _key(written)
        if key in self._seen:
            return
        self._seen.add(key)
        words = words_of(written)
        self.rank.add(words)
        self.worth.append(_worth(words, ended=is_ended(self._text, span)))
        self._starts.append(span[0])
        self._ends.append(span[1])


def _key(written: str) -> bytes:
    """Tell equal sentences, however spaced. It is short: there may be many."""
    said = "".join(written.split()).lower()
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest()
