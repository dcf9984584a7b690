"""The work of a summary grows with its text, up to the longest that is accepted."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from summarise.app import MAX_CHARACTERS
from summarise.extractive import extract
from tests.functions.summarise.extracts import harbour
from tests.growth import Case, Record, as_parameters, assert_linear, repeated

PIECES: Final = {
    "an English newsletter": harbour("en"),
    "a Japanese newsletter": harbour("ja"),
    "Japanese without an end of a sentence": "港の防波堤",
    "Japanese sentences in one line": "防波堤が傷んでいる。",
    "quoted Japanese": "「来る。」",
    "opening brackets of Japanese": "「",
    "opening quotation marks": "\u201c",
    "straight quotation marks": '"',
    "closing brackets and hiragana": "」あ",
    "brackets": "()",
    "full stops": ".",
    "abbreviations": "Mr. ",
    "initials": "a.b",
    "addresses": "http://a.example/b ",
    "one long word": "x",
    "spaces": " ",
    "empty lines": "\n",
    "lines of ornaments": "-----\n",
    "points of a list": "- one\n",
    "numbered points": "1. \n",
    "a letter and its accents": "e\u0301",
    "commas": "and so on, ",
    "apostrophes": "it's ",
    "full stops and spaces": ". ",
    "ideographic full stops and spaces": "。 ",
    "closing marks": ".)",
    "quotations without an end": "\u300c" + "a" * 199,
    "quotations in quotations": "\u300ca.\u300d",
    "short lines": "a\n",
    "many marks of one letter": "\u0315\u0300",
    "joiners": "\u200d",
    "ligatures that grow": "\ufdfa\u0315\u0300",
    "kanji": "鍵を借りる。",
}


def summarise(text: str) -> None:
    for _ in extract(text):
        pass


def different_words(size: int) -> str:
    return " ".join(f"w{number}." for number in range(size // 7))


def sharing_sentences(size: int) -> str:
    return "".join(f"Key w{number}. " for number in range(size // 11))


MAKERS: Final[dict[str, Callable[[int], str]]] = {
    "different words": different_words,
    "sentences that share a word": sharing_sentences,
    "one end and closing marks": repeated(")", "a.", "a"),
    "brackets after an end": repeated("(", "a. ", "a"),
    "empty lines between words": repeated("\n", "a", "a"),
    "lines of spaces": repeated(" \n", "a", "a"),
    **{name: repeated(piece, "A. ") for name, piece in PIECES.items()},
}
CASES: Final[list[Case[Any]]] = [
    Case(name, make, summarise, MAX_CHARACTERS, smallest=16_384)
    for name, make in MAKERS.items()
]


@pytest.mark.parametrize("case", as_parameters(CASES))
def test_work_grows_linearly(case: Case[Any], record_property: Record):
    assert_linear(case, record_property)
