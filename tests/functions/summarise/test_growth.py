"""The work of a summary grows with its text, up to the longest that is accepted."""

from typing import Any, Final

import pytest

from summarise.app import MAX_CHARACTERS
from summarise.extractive import extract
from tests.functions.summarise.extracts import harbour
from tests.growth import Case, Record, as_parameters, assert_linear

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
}


def summarise(text: str) -> None:
    for _ in extract(text):
        pass


def different_words(size: int) -> str:
    return " ".join(f"word{number:06} is here." for number in range(size // 20))


CASES: Final[list[Case[Any]]] = [
    Case("different words", different_words, summarise, MAX_CHARACTERS, 16_384),
    *(
        Case(
            name,
            lambda size, piece=piece: "A. " + piece * (size // len(piece)),  # type: ignore[misc] # a default binds it
            summarise,
            MAX_CHARACTERS,
            16_384,
        )
        for name, piece in PIECES.items()
    ),
]


@pytest.mark.parametrize("case", as_parameters(CASES))
def test_work_grows_linearly(case: Case[Any], record_property: Record):
    assert_linear(case, record_property)
