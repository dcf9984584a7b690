"""Which engine makes the summary: the one place that looks at the environment."""

import os
from collections.abc import Generator

from events import Event
from summary.extractive import extract
from summary.told import EmptyTextError, Summary


def summarise(
    text: str, *, sentences: int | None = None
) -> Generator[Event, None, Summary]:
    """Yield ``Progress`` and ``Output``, and return what was done.

    ``sentences`` is how many to choose at most; without it a long text gets more than a
    short one. ``AIKAGI_SUMMARISE_MODEL_ID`` names a model of Amazon Bedrock, or an
    inference profile, to be asked in place of choosing sentences.

    Raises:
        EmptyTextError: there is nothing in the text.
        SummaryError: the model gave no summary.
    """
    if not text.strip():
        raise EmptyTextError("The text is empty.")
    if model := os.environ.get("AIKAGI_SUMMARISE_MODEL_ID"):
        # boto3 takes longer to import than a short text takes to summarise.
        from summary.bedrock import ask

        return (yield from ask(model, text, sentences=sentences))
    return (yield from extract(text, sentences=sentences))
