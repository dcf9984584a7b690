"""The table of checks: ``python -m tests.deployment.smoke.step_table`` prints it."""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from deployment.smoke.calls import CALL_STEPS
from deployment.smoke.functions import FUNCTION_STEPS
from deployment.smoke.logins import LOGIN_STEPS
from deployment.smoke.pages import PAGE_STEPS
from deployment.smoke.plan import STEPS
from deployment.smoke.records import RECORD_STEPS
from deployment.smoke.roles import ROLE_STEPS
from deployment.smoke.steps import Step
from deployment.smoke.stored import STORED_STEPS
from deployment.smoke.way import WAY_STEPS

_GROUPS: Final[Sequence[tuple[str, Sequence[Step]]]] = (
    ("Logging in", LOGIN_STEPS),
    ("The way to a function", WAY_STEPS),
    ("What credentials can call", CALL_STEPS),
    ("Pages", PAGE_STEPS),
    ("Functions, as Lambda has them", FUNCTION_STEPS),
    ("Roles", ROLE_STEPS),
    ("What is stored", STORED_STEPS),
    ("Versions and records", RECORD_STEPS),
)


def markdown() -> str:
    assert [step for _, steps in _GROUPS for step in steps] == list(STEPS)
    return "\n\n".join("\n".join(_section(*group)) for group in _GROUPS) + "\n"


def _section(heading: str, steps: Sequence[Step]) -> Iterator[str]:
    yield f"### {heading}"
    yield ""
    yield "| check | what has to hold |"
    yield "|---|---|"
    for step in steps:
        yield f"| `{step.name}` | {step.assumed} |"


if __name__ == "__main__":
    sys.stdout.write(markdown())
