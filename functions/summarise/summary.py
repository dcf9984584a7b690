"""What both engines return, and how they fail."""

from dataclasses import dataclass
from math import log2
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """``sentences`` and ``characters`` of the summary; ``of`` sentences in the text."""

    sentences: int
    of: int
    characters: int
    language: Literal["en", "ja", "other"]
    engine: Literal["extractive", "bedrock"]


class SummaryError(Exception):
    """There is no summary. ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def default_sentences(of: int) -> int:
    """How many sentences a text of so many gets: 3 to 12, never more than half."""
    return min(max(3, round(log2(of))), 12, max(1, of // 2))
