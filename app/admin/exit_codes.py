"""Exit codes of the operator's commands: those of ``aikagi``, where both have one."""

from enum import IntEnum
from typing import Final

from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)


class ExitCode(IntEnum):
    DONE = 0
    NOT_DONE = 1
    USAGE = 2
    LOGIN = 3
    REFUSED = 4
    UNREACHABLE = 5
    STATE = 7
    UNEXPLAINED = 8
    INTERRUPTED = 130
    PIPE = 141


HELP: Final = """\
exit codes:
  0  done                       3  there are no AWS credentials, or they have expired
  1  not done: there is no such user, or one already; unusable name, password or secret;
     lines of a file were refused; somebody would be granted nothing; a revocation was
     not proved to hold
  2  the command is wrong       4  AWS refuses: not allowed
  7  a later version of the broker has written what is there; nothing was changed
  8  the audit does not explain what CloudTrail recorded
  130  interrupted              5  AWS is out of reach, or out of order
"""

_NO_LOGIN: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException"})
_REFUSED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_NOT_THERE: Final = frozenset({"NoSuchEntity", "ResourceNotFoundException"})


def exit_code_of(error: BaseException | None) -> ExitCode:
    """Tell what an error of botocore means for whoever typed the command."""
    if isinstance(error, _NO_LOGIN):
        return ExitCode.LOGIN
    if isinstance(error, NoRegionError | ProfileNotFound):
        return ExitCode.USAGE
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        if code in _EXPIRED:
            return ExitCode.LOGIN
        if code in _REFUSED:
            return ExitCode.REFUSED
        if code in _NOT_THERE:
            return ExitCode.USAGE
    return ExitCode.UNREACHABLE
