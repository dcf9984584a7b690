"""Why a stack did not start, as one sentence for the person who started it."""

from typing import final


@final
class LaunchError(Exception):
    """The stack cannot run. ``str()`` says why and what to do; no traceback helps."""

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
