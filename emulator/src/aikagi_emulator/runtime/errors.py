"""How an invocation can end without an answer, told apart.

None of this reaches the caller of a function URL, who only ever hears
"Internal Server Error"; it is for the log and for tests.
"""

from typing import final


class InvocationError(Exception):
    """An invocation that produced no answer."""


@final
class ThrottledError(InvocationError):
    """Every environment the function may have is busy."""


@final
class FunctionCrashedError(InvocationError):
    """The process ended while it was working. ``str()`` says how, as AWS does."""


@final
class FunctionTimedOutError(InvocationError):
    """The function took longer than its timeout and was killed."""


@final
class InitFailedError(InvocationError):
    """The code could not be loaded, so no handler ever ran."""


@final
class FunctionFailedError(InvocationError):
    """The handler raised, or what it returned cannot be an answer.

    ``error_type`` is the exception's name, or AWS's name for the failure, such as
    ``Function.ResponseSizeTooLarge``.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type


@final
class PoolClosedError(InvocationError):
    """The stack is being shut down."""
