"""Summarise a text. Yields ``Progress`` and ``Output``, and returns a ``Summary``."""

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from events import Event, Output, Progress

_END: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")  # noqa: RUF001
_USUAL: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """``sentences`` of ``of`` were chosen; ``characters`` is how long they are."""

    sentences: int
    of: int
    characters: int
    language: str
    engine: str


def summarise(
    text: str, *, sentences: int | None = None
) -> Generator[Event, None, Summary]:
    found = [one.strip() for one in _END.split(text) if one.strip()]
    chosen = found[: sentences or _USUAL]
    yield Progress(1, 1, "reading")
    for number, one in enumerate(chosen):
        yield Output(one if number == 0 else f" {one}")
        yield Progress(number + 1, len(chosen), "writing")
    return Summary(
        sentences=len(chosen),
        of=len(found),
        characters=sum(map(len, chosen)),
        language="other",
        engine="extractive",
    )
