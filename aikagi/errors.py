"""What can go wrong for a caller. Texts are for people and hold no secret."""

from typing import Literal

Side = Literal["broker", "function", "issuer"]


class AikagiError(Exception):
    """Whatever this package raises of its own."""


class BrokerError(AikagiError):
    """The broker said no, as a problem document (RFC 9457).

    ``type`` is a promise and can be branched on; ``retry_after`` is in seconds, and
    set where the same request may succeed later. ``field_errors`` say what is wrong
    with the fields of the request ("DurationSeconds: Input should be …").
    """

    def __init__(  # noqa: PLR0913 - the members of a problem document
        self,
        status: int,
        title: str,
        *,
        type: str = "about:blank",  # noqa: A002 - RFC 9457's word
        detail: str | None = None,
        request_id: str | None = None,
        retry_after: int | None = None,
        field_errors: tuple[str, ...] = (),
    ) -> None:
        said = [title, *([detail] if detail else []), "; ".join(field_errors)]
        super().__init__(": ".join(filter(None, said)))
        self.status = status
        self.title = title
        self.type = type
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after
        self.field_errors = field_errors


class LoginEndedError(BrokerError):
    """Nobody is logged in, or no longer: only another login helps.

    ``access_ended`` is set where a function refused credentials that were still good:
    then an operator has ended this person's access, or everybody's.
    """

    def __init__(
        self,
        title: str = "The login has ended",
        *,
        type: str = "urn:aikagi:problem:login-ended",  # noqa: A002 - RFC 9457's word
        request_id: str | None = None,
        access_ended: bool = False,
    ) -> None:
        super().__init__(401, title, type=type, request_id=request_id)
        self.access_ended = access_ended


class FunctionError(AikagiError):
    """The function's URL answered with 400 or above.

    ``error_type`` is set where Lambda itself said so, and the function did not run;
    ``text`` is the answer's, and where ``is_truncated`` only its beginning: more was
    sent, or should have come.
    """

    def __init__(
        self,
        status: int,
        text: str,
        *,
        is_truncated: bool = False,
        request_id: str | None = None,
        error_type: str | None = None,
    ) -> None:
        said = f": {error_type}" if error_type else ""
        super().__init__(f"The function's URL answered {status}{said}")
        self.status = status
        self.text = text
        self.is_truncated = is_truncated
        self.request_id = request_id
        self.error_type = error_type


class UnreachableError(AikagiError):
    """There was no answer. Whether a function ran all the same is not known."""

    def __init__(self, what: Side, why: str) -> None:
        super().__init__(f"The {what} cannot be reached: {why}")
        self.what = what


class IssuerError(AikagiError):
    """An issuer refused a sign-in, or its answer is not one to what was asked.

    ``error`` is the issuer's own word (``access_denied``, RFC 6749), empty where it
    gave none.
    """

    def __init__(self, text: str, *, error: str = "") -> None:
        super().__init__(text)
        self.error = error


class AddressError(AikagiError):
    """An address that no password, token or credentials are sent to."""


class EndedEarlyError(AikagiError):
    """The answer stopped before its last event; ``events`` had come."""

    def __init__(self, events: int, why: str = "") -> None:
        super().__init__(
            "The answer ended before its last event" + (why and f": {why}")
        )
        self.events = events


class MalformedError(AikagiError):
    """An answer is not what its media type says."""


class TaskError(AikagiError):
    """The task reported its failure. ``code`` is short and stable.

    ``request_id`` is what the function's log knows the call by.
    """

    def __init__(
        self, code: str, message: str, *, request_id: str | None = None
    ) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.request_id = request_id


class StateError(AikagiError):
    """What this machine stores of a login cannot be read or written."""


class StateVersionError(StateError):
    """A later version of the client has written it, so it is left as it is."""
