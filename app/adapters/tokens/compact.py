"""Take a compact JWS (RFC 7515, section 7.1) apart, trusting nothing in it."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from app import strict_json
from app.adapters.tokens.rejection import Rejected

LONGEST: Final = 8192
"""Bytes. Larger than any token we issue or expect, smaller than trouble."""

_SHAPE: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")

_HEADERS: Final = 32
"""Headers that are remembered: all tokens of one key have the same."""

_REFUSED_HEADERS: Final = frozenset(
    {"crit", "b64", "jwk", "jku", "x5u", "x5c", "zip", "enc"}
)
"""Each changes what is verified or fetches the key the token would like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactToken:
    """Three decoded parts of a token whose signature nobody has checked yet."""

    header: Mapping[str, Any]
    payload: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def split(token: str) -> CompactToken:
    """Split and decode ``token``. Raises ``Rejected`` and nothing else."""
    # Length first: nothing below may be made slow by somebody who is nobody yet.
    if len(token) > LONGEST:
        raise Rejected("too-long")
    parts = _SHAPE.fullmatch(token)
    if not parts:
        raise Rejected("not-compact-jws")
    header, payload, signature = parts.groups()
    return CompactToken(
        header=_read_header(header),
        payload=decode(payload),
        signed_part=token.rpartition(".")[0].encode("ascii"),
        signature=decode(signature),
    )


def read_object(data: bytes, what: str) -> Mapping[str, Any]:
    """Read strict JSON that has to be an object. Raises ``Rejected``."""
    try:
        value = strict_json.loads(data)
    except strict_json.NotStrictJSONError as error:
        raise Rejected(f"{what}-not-strict-json") from error
    if not isinstance(value, dict):
        raise Rejected(f"{what}-not-an-object")
    return value


@lru_cache(maxsize=_HEADERS)
def _read_header(part: str) -> Mapping[str, Any]:
    header = read_object(decode(part), "header")
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise Rejected("refused-header")
    return MappingProxyType(dict(header))


def decode(part: str) -> bytes:
    """Decode base64url (RFC 7515, section 2). Raises ``Rejected``."""
    # Canonical only: spare bits and junk would let one token have many spellings.
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise Rejected("not-base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != part.encode("ascii"):
        raise Rejected("not-canonical-base64url")
    return data
