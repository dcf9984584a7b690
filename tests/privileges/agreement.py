"""Whether both evaluators decide every request of the matrix alike."""

from collections.abc import Iterable, Iterator, Sequence

from tests.privileges.independent import Verdict, independent_verdicts
from tests.privileges.matrix import Judged, matrix_of
from tests.privileges.variants import stacks


def everything() -> list[Judged]:
    """Return every request about every stack, as the emulator decides it."""
    return distinct(
        entry
        for stack in stacks()
        for matrix in [matrix_of(stack)]
        for entry in (*matrix.granted, *matrix.attempts)
    )


def distinct(judged: Iterable[Judged]) -> list[Judged]:
    """Return each question once: variants of a stack ask many the same."""
    return list({repr(row.ask): (row, allowed) for row, allowed in judged}.values())


def verdicts_of_others(judged: Iterable[Judged]) -> list[Verdict]:
    return independent_verdicts([row.ask for row, _ in judged])


def differences(judged: Sequence[Judged], others: Sequence[Verdict]) -> Iterator[str]:
    """Yield a sentence for each verdict that is another, or that there is not."""
    for (row, allowed), other in zip(judged, others, strict=True):
        if other.refused or other.allowed != allowed:
            yield (
                f"{row.holder}: {row.who}, {row.ask.action} {row.ask.resource} "
                f"{row.circumstance}: the emulator says {_word(allowed)}, iam-simulate "
                f"{other.refused or _word(other.allowed)}. {dict(row.ask.context)}"
            )


def _word(allowed: bool) -> str:
    return "yes" if allowed else "no"
