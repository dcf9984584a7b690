"""Exit codes: a promise to scripts, listed by ``aikagi --help``."""

from enum import IntEnum
from typing import Final

from aikagi.errors import (
    AddressError,
    AikagiError,
    BrokerError,
    EndedEarlyError,
    FunctionError,
    IssuerError,
    LoginEndedError,
    MalformedError,
    StateError,
    StateVersionError,
    TaskError,
    UnreachableError,
)

_SERVER_ERROR: Final = 500


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    LOGIN = 3
    REFUSED = 4
    UNREACHABLE = 5
    BROKEN_ANSWER = 6
    STATE = 7
    INTERRUPTED = 130
    PIPE = 141


HELP: Final = """\
exit codes:
  0  done                       4  refused: not allowed, wrong password, too often
  1  the function failed        5  broker or function out of reach, or out of order
  2  the command is wrong       6  the answer ended early, or is malformed
  3  log in first, or again     7  a file cannot be read or written
  130  interrupted
"""


_CODES: Final[dict[type[AikagiError], ExitCode]] = {
    LoginEndedError: ExitCode.LOGIN,
    BrokerError: ExitCode.REFUSED,
    IssuerError: ExitCode.REFUSED,
    UnreachableError: ExitCode.UNREACHABLE,
    EndedEarlyError: ExitCode.BROKEN_ANSWER,
    MalformedError: ExitCode.BROKEN_ANSWER,
    StateError: ExitCode.STATE,
    StateVersionError: ExitCode.STATE,
    AddressError: ExitCode.USAGE,
    FunctionError: ExitCode.FAILED,
    TaskError: ExitCode.FAILED,
}


def exit_code_of(error: AikagiError) -> ExitCode:
    if isinstance(error, BrokerError) and error.status >= _SERVER_ERROR:
        return ExitCode.UNREACHABLE
    return _CODES[type(error)]
