"""What a sentence is about: its words, counted and weighed, without a dictionary.

Words of an alphabet lose their endings. Japanese has no spaces: there every two
characters that follow each other in the same script count as a word. Kanji and katakana
carry the meaning, hiragana mostly the grammar.
"""

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

from summary.scripts import HIRAGANA, KANJI, KATAKANA

SAY_LITTLE: Final = frozenset(
    """
    a about above after again all also although an and any are as at be because been
    before being below between both but by can could did do does doing don down during
    each few for from further had has have having he her here hers him his how however i
    if in into is isn it its itself just many may me might more most much must my no nor
    not now of off on once one only or other our ours out over own said same say says
    shall she should since so some such than that the their theirs them then there
    therefore these they this those though through thus to too under until up upon us
    very was we were what when where whether which while who whom whose why will with
    within without would yet you your yours
    """.split()  # noqa: SIM905 - a list of a hundred strings is nothing to read
)
"""English words that any text has, whatever it is about."""

_KANA_WEIGHT: Final = 0.2

_RUN: Final = re.compile(
    f"(?P<kanji>[{KANJI}]+)|(?P<katakana>[{KATAKANA}]+)|(?P<hiragana>[{HIRAGANA}]+)"
    rf"|(?P<word>[^\W_{KANJI}{KATAKANA}{HIRAGANA}]+)(?:['\u2019](?:[a-z]{{1,2}}\b)?)?"
)
_VOWEL: Final = re.compile("[aeiouy]")
_MARKS: Final = ("ing", "ed")


def words_of(sentence: str) -> dict[str, float]:
    """Return each word with how often it stands there, hiragana for a fifth.

    Wide and narrow forms are the same, capitals and small letters too.
    """
    found: dict[str, float] = {}
    for run in _RUN.finditer(normalize("NFKC", sentence).lower()):
        kind, written = run.lastgroup, run[0]
        if kind == "word":
            word = _stem(run["word"])
            if word:
                found[word] = found.get(word, 0.0) + 1.0
            continue
        weight = _KANA_WEIGHT if kind == "hiragana" else 1.0
        for start in range(max(1, len(written) - 1)):
            pair = written[start : start + 2]
            found[pair] = found.get(pair, 0.0) + weight
    return found


@lru_cache(maxsize=32_768)
def _stem(word: str) -> str:
    """Cut what English adds to a word; return nothing for one that says little."""
    if word in SAY_LITTLE or (len(word) == 1 and word.isascii()):
        return ""
    if not word.isascii() or not word.isalpha():
        return word
    return _without_e(_singular(word))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004 - not "dies"
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):  # noqa: PLR2004
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):  # noqa: PLR2004 - not "gas"
        return word[:-1]
    return _infinitive(word)


def _infinitive(word: str) -> str:
    for mark in _MARKS:
        stem = word.removesuffix(mark)
        if stem != word and len(stem) > 2 and _VOWEL.search(stem):  # noqa: PLR2004 - not "bring", nor "seed"
            doubled = stem[-1] == stem[-2] and stem[-1] not in "lsz"
            return stem[:-1] if doubled else stem
    return word


def _without_e(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("e") else word  # noqa: PLR2004
