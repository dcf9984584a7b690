"""Who may steer the stack itself."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, final

from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.principals import User
from aikagi_emulator.aws.session_store import SessionStore
from aikagi_emulator.sigv4 import Request, SignatureRefusedError, verify

SERVICE: Final = "emulator"
"""As signatures name it. AWS has no such service, so no policy of it opens this."""

_TOLERANCE: Final = timedelta(minutes=15)


@final
class OperatorGate:
    """Admits the operator's own signature and no other, whatever policies say.

    ``clock`` is the real one: a stack whose clock was moved could otherwise not be
    told to move it back.
    """

    def __init__(
        self,
        *,
        sessions: SessionStore,
        operator: User,
        region: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._operator = operator
        self._region = region
        self._clock = clock

    def admit(self, request: Request) -> None:
        """Raises ``AwsError`` with status 403 for everybody else."""
        try:
            session = verify(
                request,
                find=self._sessions.find,
                service=SERVICE,
                region=self._region,
                now=self._clock(),
                tolerance=_TOLERANCE,
            )
        except SignatureRefusedError as error:
            raise AwsError(
                error.code, error.message, status=403, why=error.why
            ) from error
        if session.principal != self._operator:
            text = f"{session.arn} is not the operator of this stack"
            raise AwsError("AccessDeniedException", text, status=403)
