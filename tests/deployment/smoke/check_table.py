"""The table of checks: ``python -m tests.deployment.smoke.check_table`` prints it."""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from deployment.smoke.calls import CALL_CHECKS
from deployment.smoke.checks import SmokeCheck
from deployment.smoke.functions import FUNCTION_CHECKS
from deployment.smoke.logins import LOGIN_CHECKS
from deployment.smoke.pages import PAGE_CHECKS
from deployment.smoke.plan import CHECKS
from deployment.smoke.records import RECORD_CHECKS
from deployment.smoke.roles import ROLE_CHECKS
from deployment.smoke.stored import STORED_CHECKS
from deployment.smoke.way import WAY_CHECKS

_GROUPS: Final[Sequence[tuple[str, Sequence[SmokeCheck]]]] = (
    ("Logging in", LOGIN_CHECKS),
    ("The way to a function", WAY_CHECKS),
    ("What credentials can call", CALL_CHECKS),
    ("Pages", PAGE_CHECKS),
    ("Functions, as Lambda has them", FUNCTION_CHECKS),
    ("Roles", ROLE_CHECKS),
    ("What is stored", STORED_CHECKS),
    ("Versions and records", RECORD_CHECKS),
)


def markdown() -> str:
    assert [check for _, checks in _GROUPS for check in checks] == list(CHECKS)
    return "\n\n".join("\n".join(_section(*group)) for group in _GROUPS) + "\n"


def _section(heading: str, checks: Sequence[SmokeCheck]) -> Iterator[str]:
    yield f"### {heading}"
    yield ""
    yield "| check | what has to hold |"
    yield "|---|---|"
    for check in checks:
        yield f"| `{check.name}` | {check.assumed} |"


if __name__ == "__main__":
    sys.stdout.write(markdown())
