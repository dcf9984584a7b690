"""Exit codes: a promise to scripts, told by ``aikagi --help``."""

from enum import IntEnum
from typing import Final

from aikagi.errors import (
    AddressError,
    AikagiError,
    BrokerError,
    EndedEarlyError,
    FunctionError,
    GarbledError,
    LoginEndedError,
    StateError,
    TaskError,
    UnreachableError,
)

_SERVER_FAULT: Final = 500


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    LOGIN = 3
    REFUSED = 4
    UNREACHABLE = 5
    CUT = 6
    STATE = 7
    INTERRUPTED = 130
    PIPE = 141


TOLD: Final = """\
exit codes:
  0  done                       4  refused: not allowed, wrong password, too often
  1  the function failed        5  broker or function out of reach, or out of order
  2  the command is wrong       6  the answer ended early, or is garbled
  3  log in first, or again     7  the files of the login cannot be used
  130  interrupted
"""


_EXITS: Final[dict[type[AikagiError], Exit]] = {
    LoginEndedError: Exit.LOGIN,
    BrokerError: Exit.REFUSED,
    UnreachableError: Exit.UNREACHABLE,
    EndedEarlyError: Exit.CUT,
    GarbledError: Exit.CUT,
    StateError: Exit.STATE,
    AddressError: Exit.USAGE,
    FunctionError: Exit.FAILED,
    TaskError: Exit.FAILED,
}


def exit_of(error: AikagiError) -> Exit:
    if isinstance(error, BrokerError) and error.status >= _SERVER_FAULT:
        return Exit.UNREACHABLE
    return _EXITS[type(error)]
