"""Which engine makes the summary."""

from collections.abc import Generator

from events import Event
from summary.extractive import extract
from summary.told import EmptyTextError, Summary


def summarise(
    text: str, *, sentences: int | None = None
) -> Generator[Event, None, Summary]:
    """Yield ``Progress`` and ``Output``, and return what was done.

    ``sentences`` is how many to choose at most; without it a long text gets more than a
    short one.

    Raises:
        EmptyTextError: there is nothing in the text.
    """
    if not text.strip():
        raise EmptyTextError("The text is empty.")
    return (yield from extract(text, sentences=sentences))
