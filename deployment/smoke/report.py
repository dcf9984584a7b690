"""What a run says: lines for a person as they come, or JSON for a program."""

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from aikagi.commands.output import echo, has_colours, printable
from deployment.smoke.checks import Outcome
from deployment.smoke.outcomes import State

_COLOURS: Final = {State.PASSED: "32", State.FAILED: "31", State.NOT_TRIED: "2"}
_STATE: Final = max(map(len, State)) + 1
_NAME: Final = 25
"""Columns: the longest name of a check, and a space."""

_NARROWEST: Final = 60
"""Columns. In fewer, what was seen stands below the name."""


def show(outcome: Outcome) -> None:
    """Write a line of an outcome, and of a failure also what to do."""
    state = f"{outcome.state:<{_STATE}}"
    if has_colours(sys.stdout):
        state = f"\x1b[{_COLOURS[outcome.state]}m{state}\x1b[0m"
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    margin = _STATE + _NAME if width >= _NARROWEST else 2
    lines = _wrapped(outcome.seen, width - margin)
    beside = lines.pop(0) if margin > _NAME and lines else ""
    echo_line = f"{state}{outcome.check.name:<{_NAME}}{beside}".rstrip()
    # The colours are ours, and printable() would take them away.
    sys.stdout.write(echo_line + "\n")
    if outcome.state is State.FAILED:
        for label, text in (
            ("assumed: ", outcome.check.assumed),
            ("to do: ", outcome.check.otherwise),
        ):
            lines += _wrapped(text, width - margin, label)
    for line in lines:
        echo(" " * margin + line)
    sys.stdout.flush()


def summary(outcomes: Sequence[Outcome]) -> str:
    counted = Counter(outcome.state for outcome in outcomes)
    return ", ".join(f"{counted[state]} {state}" for state in State) + "."


def to_json(outcomes: Sequence[Outcome], **about: str | None) -> dict[str, Any]:
    """Describe a run. ``about`` are members that say of what it was."""
    counted = Counter(outcome.state for outcome in outcomes)
    return {
        **{name: value for name, value in about.items() if value is not None},
        "Passed": counted[State.PASSED],
        "Failed": counted[State.FAILED],
        "NotTried": counted[State.NOT_TRIED],
        "Checks": [
            {
                "Check": outcome.check.name,
                "State": outcome.state,
                "Assumed": outcome.check.assumed,
                "Seen": printable(outcome.seen),
                "Otherwise": outcome.check.otherwise,
                "Settles": list(outcome.check.settles),
            }
            for outcome in outcomes
        ],
    }


def _wrapped(text: str, width: int, label: str = "") -> list[str]:
    return textwrap.wrap(
        printable(text),
        max(20, width),
        initial_indent=label,
        subsequent_indent="  " if label else "",
        break_on_hyphens=False,
    )
