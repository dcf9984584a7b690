"""Whether a request is sound enough to be compared with its signature."""

import hashlib
import re
from typing import Final

from aikagi_emulator.sigv4.canonical import Pairs
from aikagi_emulator.sigv4.refusal import invalid, mismatched, quoted
from aikagi_emulator.sigv4.request import Request

_METHOD: Final = re.compile("[A-Za-z-]{1,32}")
# RFC 3986: a request target is visible ASCII, and "%" begins an escape.
_BAD_TARGET: Final = re.compile("[^!-~]|#|%(?![0-9A-Fa-f]{2})")
# RFC 9110, 5.1 and 5.5: names are tokens; values hold no control but the tab.
_NAME: Final = re.compile("[0-9a-z!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile("[\t -~\x80-\xff]*")


def check_target(request: Request) -> None:
    """A path of this host and a query that can be decoded in one way only."""
    if not _METHOD.fullmatch(request.method):
        raise mismatched(f"{quoted(request.method)} is not an HTTP method")
    if not request.raw_path.startswith("/") or "?" in request.raw_path:
        raise mismatched(f"{quoted(request.raw_path)} is not a path of this host")
    for part in (request.raw_path, request.raw_query):
        bad = _BAD_TARGET.search(part)
        if bad:
            raise mismatched(
                f"the request target holds {quoted(part[bad.start() :][:3])}: send"
                " everything but visible ASCII percent-encoded, as %20 for a space"
            )


def check_signed_headers(request: Request, signed: tuple[str, ...]) -> None:
    """The list is in order, all of it was sent, and nothing that counts is left out."""
    covered = set(signed)
    if list(signed) != sorted(covered) or not all(map(_NAME.fullmatch, signed)):
        raise invalid(
            "SignedHeaders must be lower-case, sorted and without repetition,"
            f" got {quoted(';'.join(signed))}"
        )
    if "host" not in covered:
        raise invalid(
            "'Host' or ':authorizer' must be a 'SignedHeader' in the AWS Authorization."
        )
    sent = {name for name, _ in request.headers}
    if covered - sent:
        raise mismatched(f"signed headers were not sent: {_listed(covered - sent)}")
    if len(request.header("host")) != 1:
        raise mismatched("a request has exactly one Host header")
    loose = {name for name in sent - covered if name.startswith("x-amz-")}
    if loose:
        raise invalid(
            "There were headers present in the request which were not signed",
            f"every x-amz-* header must be signed, and is not: {_listed(loose)}",
        )
    for name, value in request.headers:
        if name in covered and not _VALUE.fullmatch(value):
            raise mismatched(f"the header {name} holds characters that cannot travel")


def checked_hash(request: Request, query: Pairs) -> str:
    """SHA-256 of the body as it came, in hex. Whatever was claimed must equal it."""
    actual = hashlib.sha256(request.body).hexdigest()
    in_query = (v.decode("latin-1") for k, v in query if k == b"X-Amz-Content-Sha256")
    for claimed in (*request.header("x-amz-content-sha256"), *in_query):
        if claimed.startswith(("UNSIGNED-PAYLOAD", "STREAMING-")):
            raise mismatched(
                f"x-amz-content-sha256 is {quoted(claimed)}: bodies that are not hashed"
                " are for S3; send the SHA-256 of the whole body"
            )
        if claimed != actual:
            raise mismatched(
                f"x-amz-content-sha256 is {quoted(claimed)}, but the SHA-256 of the"
                f" {len(request.body)} bytes received is {actual}"
            )
    return actual


def _listed(names: set[str]) -> str:
    return quoted(", ".join(sorted(names)))
