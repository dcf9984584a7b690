"""What a template may ask of its functions, as far as the launcher must know."""

import logging
import sys
from typing import Final

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.template import Stack

_log: Final = logging.getLogger(__name__)


def refuse_unmodelled(stack: Stack) -> None:
    """Raise ``LaunchError`` naming the first function that cannot run here."""
    for function in stack.of_type("AWS::Lambda::Function"):
        runtime = function.properties.get("Runtime")
        if not str(runtime).startswith("python3."):
            msg = (
                f"{function.logical_id} has the runtime {runtime}, and the "
                "emulator models Python's only."
            )
            raise LaunchError(msg)


def tell_other_pythons(stack: Stack) -> None:
    """Log which runtimes the functions ask for, where that is not this Python."""
    here = "python{}.{}".format(*sys.version_info[:2])
    functions = stack.of_type("AWS::Lambda::Function")
    runtimes = {str(function.properties["Runtime"]) for function in functions} - {here}
    if runtimes:
        _log.info(
            "functions of the runtime %s run as %s, as the emulator does",
            ", ".join(sorted(runtimes)),
            here,
        )
