"""A text taken apart: its sentences, its words, its language. English and Japanese."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal
from unicodedata import normalize

import sentencex

_KANJI: Final = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KANA: Final = r"\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe\uff66-\uff9f"
_LETTER: Final = re.compile(r"[^\W_]")
_WORD: Final = re.compile(
    rf"(?P<japanese>[{_KANJI}]+|[\u30a1-\u30fc]+)|[^\W_{_KANJI}{_KANA}]+"
)
_STOP_WORDS: Final = frozenset(
    """
    a about after all also an and any are as at be because been before but by can could
    did do does each for from had has have he her his how i if in into is it its just
    may more most must my no not of off on one only or other our out over re s said same
    she should so some such t than that the their them then there these they this those
    to too under until up very was we were what when where which while who will with
    would you your
    """.split()  # noqa: SIM905 - a list of a hundred strings is nothing to read
)
_PARAGRAPH: Final = re.compile(r"\n(?:[^\w\n]*\n)+|\Z")
"""The end of one: empty lines, and lines of ornaments alone."""

_PIECE: Final = re.compile(
    r"(?s).{1,2000}(?:\Z|(?<=[.!?]\s)|(?<=[。！？\n]))|.{1,2000}(?<=\s)|.{1,2000}"
)
"""What is split at once: sentencex takes the square of its length for Japanese."""

_PART: Final = re.compile(r"(?s).{1,600}(?:\Z|(?<=[,;、\s]))|.{1,600}")
"""A sentence that runs on is cut at a comma or a space."""

_LINE_END: Final = re.compile(
    rf"(?<=[{_KANJI}{_KANA}、。])\s*\n\s*(?=[{_KANJI}{_KANA}])"
)
"""Within a Japanese sentence, where no space belongs."""


def sentences_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield how many characters were read, and the sentences in the last of them."""
    language = "ja" if language_of(text) == "ja" else "en"
    start = 0
    for end in _PARAGRAPH.finditer(text):
        for piece in _PIECE.finditer(text[start : end.end()]):
            sentences = [
                " ".join(_LINE_END.sub("", part[0]).split())
                for sentence in _segments(language, piece[0])
                for part in _PART.finditer(sentence)
            ]
            yield start + piece.end(), list(filter(_LETTER.search, sentences))
        start = end.end()


def _segments(language: str, text: str) -> Iterator[str]:
    sentence = ""
    for segment in sentencex.segment(language, text):
        # A quotation is a piece of the sentence that quotes it: 「来る。」と言った。
        if sentence and not re.search(
            "[」』][\u3041-\u3096]", sentence[-1] + segment[:1]
        ):
            yield sentence
            sentence = ""
        sentence += segment
    yield sentence


def words_of(sentence: str) -> Counter[str]:
    """Count the words: six letters of each, without an s.

    Japanese has no spaces: there every two characters count that follow each other in
    kanji or in katakana. Hiragana is mostly grammar.
    """
    words: Counter[str] = Counter()
    for run in _WORD.finditer(normalize("NFKC", sentence).lower()):
        if run["japanese"]:
            pairs = range(max(1, len(run[0]) - 1))
            words.update(run[0][start : start + 2] for start in pairs)
        elif run[0] not in _STOP_WORDS:
            words[run[0].removesuffix("s")[:6]] += 1
    return words


def language_of(text: str) -> Literal["en", "ja", "other"]:
    """Decide by the letters and words of the first pages."""
    sample = text[:20_000]
    letters, kana = len(_LETTER.findall(sample)), len(re.findall(f"[{_KANA}]", sample))
    japanese = kana + len(re.findall(f"[{_KANJI}]", sample))
    if japanese * 3 > letters:
        # Chinese has no kana; Japanese has one among twenty characters at least.
        return "ja" if kana * 20 >= japanese else "other"
    words = re.findall("[a-z]+", sample.lower())
    common = sum(word in _STOP_WORDS for word in words)
    english = sum(map(len, words)) * 10 >= letters * 9 and common * 8 >= len(words)
    return "en" if english and words else "other"
