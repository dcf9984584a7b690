"""What a template may ask of its functions, as far as the launcher must know."""

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.template import Stack


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
