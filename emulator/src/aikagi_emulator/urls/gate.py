"""Who may call, as a function URL asks it. ``aikagi_emulator.aws`` knows the answer."""

from dataclasses import dataclass
from typing import Protocol, final

from aikagi_emulator.sigv4 import Request


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller whose signature was verified and who may call this function.

    ``user_id`` is ``AROA…:session`` and ``user_arn`` ends in the session name, as
    ``requestContext.authorizer.iam`` shows them to the function.
    """

    access_key_id: str
    account_id: str
    user_arn: str
    user_id: str


class RefusedError(Exception):
    """A call that AWS would refuse.

    ``status``, ``code`` and ``message`` travel; ``why`` is for the log and says
    what the wire does not: the statement, the condition, the canonical request.
    """

    def __init__(self, status: int, code: str, message: str, *, why: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.why = why


class Gate(Protocol):
    """Decides about one request."""

    def admit(
        self, request: Request, *, function_arn: str, auth_type: str, source_ip: str
    ) -> Caller | None:
        """Return the caller, or None where ``auth_type`` is ``NONE``.

        Raises:
            RefusedError: with AWS's status, code and words.
        """
        ...
