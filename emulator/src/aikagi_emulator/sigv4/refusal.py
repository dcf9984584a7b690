"""The one way in which a signature is refused, and AWS's words for it."""

from typing import Final, final

_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided."
    " Check your AWS Secret Access Key and signing method."
    " Consult the service documentation for details."
)


@final
class SignatureRefusedError(Exception):
    """A request is not what its signer signed, or not signed at all.

    ``code`` and ``message`` are what Lambda says on the wire; a service that names
    its errors differently (STS drops ``Exception``) translates ``code``. ``why`` is for
    the log: it may quote the request, never a secret.
    """

    def __init__(self, *, code: str, message: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.message = message
        self.why = why


def unsigned() -> SignatureRefusedError:
    return SignatureRefusedError(
        code="MissingAuthenticationTokenException",
        message="Missing Authentication Token",
        why="the request carries neither an Authorization header nor X-Amz-Signature",
    )


def incomplete(message: str, why: str | None = None) -> SignatureRefusedError:
    """Something that a signature is made of is missing, doubled or malformed."""
    return SignatureRefusedError(
        code="IncompleteSignatureException", message=message, why=why or message
    )


def invalid(message: str, why: str | None = None) -> SignatureRefusedError:
    """The signature is whole, but for another time, scope or set of headers."""
    return SignatureRefusedError(
        code="InvalidSignatureException", message=message, why=why or message
    )


def mismatched(why: str) -> SignatureRefusedError:
    """What was sent is not what was signed."""
    return invalid(_MISMATCH, why)


def unrecognised(why: str) -> SignatureRefusedError:
    """Nobody has these credentials; AWS says the same of a wrong session token."""
    return SignatureRefusedError(
        code="UnrecognizedClientException",
        message="The security token included in the request is invalid.",
        why=why,
    )


def expired(why: str) -> SignatureRefusedError:
    return SignatureRefusedError(
        code="ExpiredTokenException",
        message="The security token included in the request is expired",
        why=why,
    )


def quoted(text: str) -> str:
    """A client's words as an answer or a log may hold them: short and ASCII."""
    longest = 80
    return ascii(text if len(text) <= longest else f"{text[:longest]}...")
