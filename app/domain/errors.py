"""What can go wrong, in the broker's own words.

Nothing here knows about HTTP or AWS. ``code`` is a promise to clients, who may
branch on it; ``web.problems`` decides which status each failure travels under.
The text of an error reaches the caller, so it holds nothing they did not choose.
"""

from concurrent.futures import Future
from typing import ClassVar

from app.domain.identity import Identity


class ProblemError(Exception):
    """A failure the caller is meant to hear about: a problem, as RFC 9457 says.

    ``retry_after_seconds`` is set where the same request may succeed later. Where
    something is being read at this moment, ``pending`` is done once it has been: to
    try again then is worth it, for whoever can wait without holding up others.

    ``reason`` says why, as a code for the audit, where ``code`` hides that from the
    caller; ``identity`` is whom it concerns, where that is certain.
    """

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after_seconds: int | None = None,
        pending: "Future[None] | None" = None,
        reason: str | None = None,
        identity: Identity | None = None,
    ) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
        self.pending = pending
        self.reason = reason or self.code
        self.identity = identity


class LoginRefusedError(ProblemError):
    code = "login-refused"
    title = "Wrong username or password"


class LoginLimitedError(ProblemError):
    code = "login-limited"
    title = "Too many failed attempts to log in; wait before the next"


class PasswordChangeRequiredError(ProblemError):
    """The password was right, and good for one thing: to be changed."""

    code = "password-change-required"
    title = "This password was for once; change it, then log in"


class NewPasswordRefusedError(ProblemError):
    """``detail`` says which rule the new password breaks, never the password."""

    code = "new-password-refused"
    title = "The new password cannot be taken"


class LoginEndedError(ProblemError):
    code = "login-ended"
    title = "This login has ended; log in again"


class TokenRejectedError(ProblemError):
    """``presented`` is False where there was no access token at all."""

    code = "token-rejected"
    title = "The access token was not accepted; log in again"

    def __init__(self, *, presented: bool = True, reason: str | None = None) -> None:
        super().__init__(reason=reason)
        self.presented = presented


class LoginNotOursError(ProblemError):
    code = "login-not-ours"
    title = "Another issuer gave this token; its login ends there, not here"


class FunctionNotAvailableError(ProblemError):
    """Not theirs, or not there: the caller cannot tell which."""

    code = "function-not-available"
    title = "There is no function of that name that you may call"


class FunctionNotNamedError(ProblemError):
    code = "function-not-named"
    title = "You may call several functions; say which in FunctionName"


class DurationOutOfRangeError(ProblemError):
    code = "duration-out-of-range"
    title = "A grant for this function cannot last that long or that short"


class GrantLimitedError(ProblemError):
    code = "grant-limited"
    title = "Too many grants in a short time; wait before the next"


class TooBusyError(ProblemError):
    code = "too-busy"
    title = "Too many people are logging in at this moment; try again"


class UnavailableError(ProblemError):
    """Something that the broker needs is away or refuses it. No caller is at fault."""


class SessionsUnavailableError(UnavailableError):
    code = "sessions-unavailable"
    title = "AWS credentials cannot be issued right now"


class UsersUnavailableError(UnavailableError):
    code = "users-unavailable"
    title = "The table of users cannot be reached right now"


class CatalogueUnavailableError(UnavailableError):
    code = "catalogue-unavailable"
    title = "The catalogue of functions cannot be read right now"


class SigningKeyUnavailableError(UnavailableError):
    code = "signing-key-unavailable"
    title = "Access tokens can be neither issued nor checked right now"


class IssuersUnavailableError(UnavailableError):
    code = "issuers-unavailable"
    title = "The list of issuers cannot be read right now"


class IssuerKeysUnavailableError(UnavailableError):
    code = "issuer-keys-unavailable"
    title = "The keys of this token's issuer cannot be fetched right now"


class AuditUnavailableError(UnavailableError):
    code = "audit-unavailable"
    title = "The grant could not be recorded, so it was not made"
