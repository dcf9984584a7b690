"""Tell the language of a text by its letters: English, Japanese, or another."""

import re
from itertools import islice
from typing import Final

from summary.scripts import HIRAGANA, KANJI, KATAKANA
from summary.told import Language
from summary.words import SAY_LITTLE

_JAPANESE: Final = re.compile(f"[{KANJI}{HIRAGANA}{KATAKANA}]")
_KANA: Final = re.compile(f"[{HIRAGANA}{KATAKANA}]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_WORD: Final = re.compile("[A-Za-z]+")

_SAMPLES: Final = 16
_SAMPLE: Final = 2_000
_FEW: Final = 20
_KANJI_ALONE: Final = 20
"""Japanese has a kana among so many characters at least; Chinese has none."""


def language_of(text: str) -> Language:
    """Tell from sixteen places, so that a long text takes no longer than a short one.

    A character of Japanese says as much as two or three letters, so it takes fewer than
    half of them to make a text Japanese. What is written in Latin letters is English
    when every eighth word is one that English cannot do without; a few words are not
    asked.
    """
    sample = _sample(text)
    letters = len(_LETTER.findall(sample))
    japanese = len(_JAPANESE.findall(sample))
    if japanese * 3 > letters:
        kana = len(_KANA.findall(sample))
        return "ja" if kana * _KANJI_ALONE >= japanese else "other"
    words = [word.lower() for word in _WORD.findall(sample)]
    if sum(map(len, words)) * 10 < letters * 9 or not words:
        return "other"
    usual = sum(word in SAY_LITTLE for word in words)
    return "en" if len(words) < _FEW or usual * 8 >= len(words) else "other"


def _sample(text: str) -> str:
    step = max(_SAMPLE, len(text) // _SAMPLES)
    starts = islice(range(0, len(text), step), _SAMPLES)
    return " ".join(text[start : start + _SAMPLE] for start in starts)
