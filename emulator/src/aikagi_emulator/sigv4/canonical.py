"""The canonical request: one text for every way of sending the same thing.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from aikagi_emulator.sigv4.request import Request

Pairs = tuple[tuple[bytes, bytes], ...]

_SPACES: Final = re.compile(r"[ \t]+")
"""Not ``str.split``: in latin-1 that also parts the bytes of an encoded "à"."""

_SECRET_HEADERS: Final = re.compile(
    "(?m)^(x-amz-security-token|authorization|cookie|proxy-authorization):.*"
)
_SECRET_PARAMETER: Final = re.compile("(?m)(^|&)X-Amz-Security-Token=[^&\n]*")
_SHOWN: Final = 4096


def canonical_path(raw_path: str) -> str:
    """The path as sent, without dots and doubled slashes, then encoded again.

    Every service but S3 encodes what is already encoded: ``%20`` becomes ``%2520``.
    """
    segments: list[str] = []
    for segment in raw_path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    closing = "/" if segments and raw_path.endswith("/") else ""
    return quote("/" + "/".join(segments) + closing, safe="/~")


def decoded_query(raw_query: str) -> Pairs:
    """Names and values in order of arrival. "+" is a plus: only %20 is a space."""
    pairs = (piece.partition("=") for piece in raw_query.split("&") if piece)
    return tuple(
        (unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pairs
    )


def canonical_query(pairs: Iterable[tuple[bytes, bytes]]) -> str:
    """Encoded as RFC 3986 has it, then sorted by encoded name and encoded value."""
    encoded = sorted(
        (quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def canonical_headers(request: Request, names: Iterable[str]) -> str:
    """One line for each of ``names``; repeated headers joined, spaces collapsed."""
    sent: dict[str, list[str]] = {}
    for name, value in request.headers:
        sent.setdefault(name, []).append(_collapsed(value))
    return "".join(f"{name}:{','.join(sent.get(name, ()))}\n" for name in names)


def canonical_request(
    request: Request, query: Pairs, signed_headers: tuple[str, ...], body_hash: str
) -> str:
    return "\n".join(
        (
            request.method,
            canonical_path(request.raw_path),
            canonical_query(query),
            canonical_headers(request, signed_headers),
            ";".join(signed_headers),
            body_hash,
        )
    )


def without_secrets(canonical: str) -> str:
    """A canonical request that a log may hold: tokens hidden, huge ones cut."""
    hidden = _SECRET_HEADERS.sub(r"\1:(hidden)", canonical)
    hidden = _SECRET_PARAMETER.sub(r"\1X-Amz-Security-Token=(hidden)", hidden)
    return hidden[:_SHOWN]


def _collapsed(value: str) -> str:
    return _SPACES.sub(" ", value.strip(" \t"))
