"""What an engine tells at its end."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "ja", "other"]
Engine: TypeAlias = Literal["extractive", "bedrock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """``sentences`` long, made from a text ``of`` so many; ``characters`` long, too."""

    sentences: int
    of: int
    characters: int
    language: Language
    engine: Engine


class EmptyTextError(ValueError):
    """There is nothing in the text; the message is fit to be sent back."""


class SummaryError(Exception):
    """The summary cannot be made. ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
