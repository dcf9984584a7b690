"""Why nothing was done: sentences for whoever typed the command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Those of ``python -m app.admin``, where both have one."""

    DONE = 0
    NOT_DONE = 1
    USAGE = 2
    LOGIN = 3
    REFUSED = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


class DeploymentError(Exception):
    """The message says what to do. ``code`` is the command's exit code."""

    def __init__(self, message: str, code: ExitCode = ExitCode.NOT_DONE) -> None:
        super().__init__(message)
        self.code = code


class UsageError(DeploymentError):
    """What was typed, or a file of the operator's, is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitCode.USAGE)
