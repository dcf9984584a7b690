"""What a template may ask of its functions, as far as the launcher must know."""

import logging
import re
import sys
from typing import Final

from aikagi_emulator.launcher.build import Build
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.template import Stack

_log: Final = logging.getLogger(__name__)

_PYTHON: Final = re.compile(r"python3\.([0-9]{1,3})")
_OLDEST: Final = 8
"""Lambda creates no function with a Python before 3.8:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""


def refuse_unmodelled(stack: Stack) -> None:
    """Raise ``LaunchError`` naming the first function that cannot run here."""
    for function in stack.of_type("AWS::Lambda::Function"):
        runtime = function.properties.get("Runtime")
        if runtime is None:
            msg = f"{function.logical_id} has no Runtime."
            raise LaunchError(msg)
        found = _PYTHON.fullmatch(str(runtime))
        if found is None or int(found[1]) < _OLDEST:
            msg = (
                f"{function.logical_id} has the runtime {runtime}, and the emulator "
                f"models Python's only, from python3.{_OLDEST} on."
            )
            raise LaunchError(msg)


def tell_other_pythons(stack: Stack, build: Build | None) -> None:
    """Log which runtimes the functions ask for, where another Python runs them."""
    others: dict[str, set[str]] = {}
    for function in stack.of_type("AWS::Lambda::Function"):
        python = build.python_of(function.logical_id) if build else None
        version = python.version if python else sys.version_info[:2]
        here = "python{}.{}".format(*version)
        runtime = str(function.properties["Runtime"])
        if runtime != here:
            others.setdefault(here, set()).add(runtime)
    for here, runtimes in others.items():
        _log.info(
            "functions of the runtime %s run as %s",
            ", ".join(sorted(runtimes)),
            here,
        )
