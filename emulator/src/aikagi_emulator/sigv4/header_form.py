"""A signature in the Authorization header."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from aikagi_emulator.sigv4.canonical import Pairs
from aikagi_emulator.sigv4.claim import (
    ALGORITHM,
    Claim,
    existing_time,
    parse_scope,
    unsupported,
)
from aikagi_emulator.sigv4.refusal import incomplete
from aikagi_emulator.sigv4.request import Request
from aikagi_emulator.sigv4.timestamps import parse_basic, parse_http

_FIELDS: Final = ("Credential", "SignedHeaders", "Signature")


def claim_of_header(request: Request, query: Pairs) -> Claim:
    """Read the one Authorization header, and the time and token beside it."""
    fields = _fields(request.header("authorization")[0])
    missing = [name for name in _FIELDS if not fields.get(name)]
    if missing:
        raise incomplete(
            " ".join(f"Authorization header requires '{m}' parameter." for m in missing)
        )
    return Claim(
        scope=parse_scope(fields["Credential"]),
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        signature=fields["Signature"],
        at=_time(request),
        query=query,
        session_token=_only(request, "x-amz-security-token"),
    )


def _fields(header: str) -> Mapping[str, str]:
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise unsupported(algorithm)
    if not header.isascii():
        raise incomplete("Authorization header must be ASCII")
    fields: dict[str, str] = {}
    for piece in rest.split(","):
        name, equals, value = piece.strip(" \t").partition("=")
        if not equals or name not in _FIELDS:
            raise incomplete(
                "not a valid key=value pair (missing equal-sign) in Authorization"
                " header",
                f"the Authorization header holds more than {', '.join(_FIELDS)}",
            )
        if name in fields:
            raise incomplete(f"Authorization header holds '{name}' more than once")
        fields[name] = value
    return fields


def _time(request: Request) -> datetime:
    """``X-Amz-Date``, which wins over ``Date`` where both are sent."""
    text = _only(request, "x-amz-date")
    if text is not None:
        return existing_time(text, parse_basic(text))
    text = _only(request, "date")
    if text is None:
        raise incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a"
            " 'Date' header."
        )
    return existing_time(text, parse_http(text) or parse_basic(text))


def _only(request: Request, name: str) -> str | None:
    values = request.header(name)
    if len(values) > 1:
        raise incomplete(f"The header '{name}' must not be repeated")
    return values[0].strip(" \t") if values else None
