"""How far a task is, from its events."""

from typing import final

from aikagi.events import RawEvent


@final
class Steps:
    """``label`` is what it does now; ``fraction`` how much is done, where known."""

    def __init__(self) -> None:
        self.label = "waiting"
        self.fraction: float | None = None
        self._total: float | None = None
        self._code: object = None

    def follow(self, event: RawEvent) -> None:
        """Take in one event as it came; those of other types change nothing."""
        match event.get("type"):
            case "start":
                self.label = "started"
                self._total = _positive(event.get("total"))
            case "progress":
                self._follow_progress(event)
            case _:
                pass

    def _follow_progress(self, event: RawEvent) -> None:
        if event.get("code") != self._code:
            self._code, self._total = event.get("code"), self._start_total()
        total = _positive(event.get("total")) or self._total
        done = event.get("done")
        self._total = total
        self.fraction = None
        if total and isinstance(done, int | float):
            self.fraction = min(1.0, max(0.0, done / total))
        label = event.get("message") or event.get("code")
        self.label = label if isinstance(label, str) else "working"

    def _start_total(self) -> float | None:
        return self._total if self._code is None else None


def _positive(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    return value
