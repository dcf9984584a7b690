"""What a request says about its own signature."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, final

from aikagi_emulator.sigv4.canonical import Pairs
from aikagi_emulator.sigv4.refusal import SignatureRefusedError, incomplete, quoted

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"

_SCOPE_PARTS: Final = 5


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialScope:
    """What a signature was made for, and with whose key."""

    access_key_id: str
    day: str
    region: str
    service: str
    terminator: str

    @property
    def text(self) -> str:
        """The scope without the key, as it stands in the string to sign."""
        return f"{self.day}/{self.region}/{self.service}/{self.terminator}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A signature and everything it claims; nothing of it is true yet.

    ``query`` is what was signed: all of it but the signature itself. ``lifetime`` is
    what a presigned URL asked for, None where the clock tolerance decides.
    """

    scope: CredentialScope
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    at: datetime
    query: Pairs = field(repr=False)
    session_token: str | None = field(repr=False)
    lifetime: timedelta | None = None


def parse_scope(credential: str) -> CredentialScope:
    """Read ``<access key id>/<day>/<Region>/<service>/aws4_request``."""
    parts = credential.split("/")
    if len(parts) != _SCOPE_PARTS:
        raise incomplete(
            f"Credential must have exactly {_SCOPE_PARTS} slash-delimited elements,"
            f" e.g. keyid/date/region/service/term, got {quoted(credential)}"
        )
    key, day, region, service, terminator = parts
    return CredentialScope(
        access_key_id=key,
        day=day,
        region=region,
        service=service,
        terminator=terminator,
    )


def existing_time(text: str, moment: datetime | None) -> datetime:
    """``moment``, which was read from ``text``, unless there is no such time."""
    if moment is None:
        raise incomplete(
            f"Date must be in ISO-8601 'basic format'. Got {quoted(text)}."
            " See http://en.wikipedia.org/wiki/ISO_8601"
        )
    return moment


def unsupported(algorithm: str) -> SignatureRefusedError:
    # A header without a space may be a bare token: only what AWS named is repeated.
    name = quoted(algorithm) if algorithm.startswith("AWS4-") else "(not shown)"
    return incomplete(
        f"Unsupported AWS 'algorithm': {name}.",
        f"the algorithm {name} is not {ALGORITHM}, the only one accepted here",
    )
