"""A text put through the engine that needs no model."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from aikagi_function.events import Event, Output, Progress
from summarise.extractive import extract
from summarise.summary import Summary

TEXTS = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """All that was yielded, and what was returned in the end."""

    events: list[Event]
    summary: Summary

    @property
    def sentences(self) -> list[str]:
        text = "".join(event.text for event in self.events if isinstance(event, Output))
        return text.split("\n")

    @property
    def progress(self) -> list[Progress]:
        return [event for event in self.events if isinstance(event, Progress)]

    @property
    def goes_forward(self) -> bool:
        """Whether no step of the progress takes anything back."""
        return all(
            (before.code != after.code or before.done <= after.done)
            and after.done <= (after.total or 0)
            for before, after in pairwise(self.progress)
        )


def summary_of(text: str, sentences: int | None = None) -> Extract:
    events: list[Event] = []
    engine = extract(text, sentences)
    while True:
        try:
            events.append(next(engine))
        except StopIteration as end:
            return Extract(events=events, summary=end.value)


def harbour(language: str) -> str:
    """Read a town's newsletter about its harbour wall, and parking, and biscuits."""
    return (TEXTS / f"harbour.{language}.txt").read_text("utf-8")
