"""Medians of two things that take turns."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, final

from typing_extensions import override

Action = Callable[[], object]
_WARM_UP = 3


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Medians in seconds."""

    name: str
    took: float
    against: str
    bare: float
    rounds: int

    @classmethod
    def of(
        cls, name: str, action: Action, against: str, bare: Action, *, rounds: int
    ) -> Self:
        for _ in range(min(_WARM_UP, rounds)):
            action()
            bare()
        pairs = [(_seconds(action), _seconds(bare)) for _ in range(rounds)]
        return cls(
            name=name,
            took=statistics.median(first for first, _ in pairs),
            against=against,
            bare=statistics.median(second for _, second in pairs),
            rounds=rounds,
        )

    @override
    def __str__(self) -> str:
        return (
            f"{self.name:34} {_shown(self.took)}   {self.took / self.bare:5.1f} x "
            f"{self.against} ({_shown(self.bare).strip()}), {self.rounds} rounds"
        )


def _seconds(action: Action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:8.2f} ms" if seconds < 1 else f"{seconds:8.2f} s "
