"""A signature in the query: a presigned URL."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from aikagi_emulator.sigv4.canonical import Pairs
from aikagi_emulator.sigv4.claim import (
    ALGORITHM,
    Claim,
    existing_time,
    parse_scope,
    unsupported,
)
from aikagi_emulator.sigv4.refusal import incomplete, quoted
from aikagi_emulator.sigv4.request import Request
from aikagi_emulator.sigv4.timestamps import parse_basic

_SIGNS: Final = (b"X-Amz-Algorithm", b"X-Amz-Credential", b"X-Amz-Signature")
_REQUIRED: Final = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)
_LONGEST: Final = 604_800
"""Seven days, in seconds: the most that ``X-Amz-Expires`` may ask for."""


def is_presigned(query: Pairs) -> bool:
    return any(name in _SIGNS for name, _ in query)


def claim_of_query(request: Request, query: Pairs) -> Claim:
    """Read the ``X-Amz-…`` parameters; headers may not repeat what they say."""
    _refuse_second_copies(request)
    fields = _fields(query)
    missing = [name for name in _REQUIRED if not fields.get(name)]
    if missing:
        raise incomplete(
            " ".join(
                f"AWS query-string parameters must include '{m}'." for m in missing
            )
            + " Re-examine the query-string parameters."
        )
    if fields["X-Amz-Algorithm"] != ALGORITHM:
        raise unsupported(fields["X-Amz-Algorithm"])
    date = fields["X-Amz-Date"]
    return Claim(
        scope=parse_scope(fields["X-Amz-Credential"]),
        signed_headers=tuple(fields["X-Amz-SignedHeaders"].split(";")),
        signature=fields["X-Amz-Signature"],
        at=existing_time(date, parse_basic(date)),
        query=tuple(pair for pair in query if pair[0] != b"X-Amz-Signature"),
        session_token=fields.get("X-Amz-Security-Token"),
        lifetime=_lifetime(fields.get("X-Amz-Expires")),
    )


def _refuse_second_copies(request: Request) -> None:
    """A presigned URL brings its own time and token; two could disagree."""
    for name in ("x-amz-date", "x-amz-security-token"):
        if request.header(name):
            raise incomplete(
                f"'{name}' must not be a header of a request signed by its query"
            )


def _fields(query: Pairs) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    for name, value in query:
        if not name.startswith(b"X-Amz-"):
            continue
        if not (name.isascii() and value.isascii()):
            raise incomplete("AWS query-string parameters must be ASCII")
        key = name.decode("ascii")
        if key in fields:
            raise incomplete(f"The query holds {quoted(key)} more than once")
        fields[key] = value.decode("ascii")
    return fields


def _lifetime(text: str | None) -> timedelta | None:
    if text is None:  # aws4fetch leaves it out; then the clock tolerance decides
        return None
    seconds = int(text) if re.fullmatch("[0-9]{1,6}", text) else 0
    if not 1 <= seconds <= _LONGEST:
        raise incomplete(
            f"X-Amz-Expires must be a number of seconds from 1 to {_LONGEST}"
        )
    return timedelta(seconds=seconds)
