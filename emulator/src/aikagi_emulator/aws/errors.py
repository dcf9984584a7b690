"""What AWS answers when it will not do as asked."""

from typing import final


@final
class AwsError(Exception):
    """An error of a service, before it is written in that service's protocol.

    ``code`` and ``message`` travel, with HTTP ``status``; ``why`` is for the log and
    says what the wire does not: the statement, the condition, the canonical request.
    """

    def __init__(
        self, code: str, message: str, *, status: int = 400, why: str = ""
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.why = why or message


def not_modelled(what: str) -> AwsError:
    """Refuse something AWS has and this stack has not, by its name.

    A stand-in that agrees with everything proves nothing: what is not modelled is
    an error here, whatever AWS would say. 501 is not retried by any SDK.
    """
    return AwsError(
        "NotImplemented", f"The emulator does not model {what}.", status=501
    )
