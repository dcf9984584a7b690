"""Decide whether a request is what the holder of a secret signed."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from aikagi_emulator.sigv4.canonical import (
    Pairs,
    canonical_request,
    decoded_query,
    without_secrets,
)
from aikagi_emulator.sigv4.claim import ALGORITHM, Claim, CredentialScope
from aikagi_emulator.sigv4.header_form import claim_of_header
from aikagi_emulator.sigv4.integrity import (
    check_signed_headers,
    check_target,
    checked_hash,
)
from aikagi_emulator.sigv4.query_form import claim_of_query, is_presigned
from aikagi_emulator.sigv4.refusal import (
    expired,
    incomplete,
    mismatched,
    quoted,
    unrecognised,
    unsigned,
)
from aikagi_emulator.sigv4.request import Credentials, Request
from aikagi_emulator.sigv4.timestamps import basic_format
from aikagi_emulator.sigv4.validity import check_scope, check_time

C = TypeVar("C", bound=Credentials)


def verify(  # noqa: PLR0913 - a signature is for a service, a Region and a time
    request: Request,
    *,
    find: Callable[[str], C | None],
    service: str,
    region: str,
    now: datetime,
    tolerance: timedelta,
) -> C:
    """The credentials that signed this very request, for here and for now.

    ``find`` gets an access key id as it came; its answer is returned when everything
    holds. ``now`` is aware; ``tolerance`` is how far the signer's clock may be off,
    either way. Raises ``SignatureRefusedError`` and nothing else of its own.
    """
    check_target(request)
    query = decoded_query(request.raw_query)
    claim = _claim(request, query)
    check_scope(claim.scope, claim.at, service=service, region=region)
    check_time(claim, now=now, tolerance=tolerance)
    check_signed_headers(request, claim.signed_headers)
    body_hash = checked_hash(request, query)
    credentials = find(claim.scope.access_key_id)
    if credentials is None:
        raise unrecognised(
            f"nobody here has the access key id {quoted(claim.scope.access_key_id)}"
        )
    _check_session(credentials, claim.session_token, now)
    canonical = canonical_request(request, claim.query, claim.signed_headers, body_hash)
    _check_signature(claim, canonical, credentials.secret_access_key)
    return credentials


def _claim(request: Request, query: Pairs) -> Claim:
    headers, presigned = len(request.header("authorization")), is_presigned(query)
    if not headers and not presigned:
        raise unsigned()
    if headers + presigned > 1:
        raise incomplete(
            "Only one auth mechanism allowed",
            "it must be signed once: by one Authorization header or by its query",
        )
    return (claim_of_query if presigned else claim_of_header)(request, query)


def _check_session(credentials: Credentials, token: str | None, now: datetime) -> None:
    wanted = credentials.session_token
    if wanted is None and token is not None:
        raise unrecognised("these credentials have no session token, but one was sent")
    if wanted is not None and token is None:
        raise unrecognised("these credentials need their session token: none was sent")
    if not hmac.compare_digest((wanted or "").encode(), (token or "").encode()):
        raise unrecognised("the session token is not the one of these credentials")
    if credentials.expires_at is not None and now >= credentials.expires_at:
        raise expired(f"the credentials expired at {credentials.expires_at}")


def _check_signature(claim: Claim, canonical: str, secret: str) -> None:
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    to_sign = "\n".join((ALGORITHM, basic_format(claim.at), claim.scope.text, digest))
    key = _signing_key(secret, claim.scope)
    expected = hmac.digest(key, to_sign.encode("ascii"), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise mismatched(
            "the signature is for something else, or was made with another secret."
            f" Canonical request as received:\n{without_secrets(canonical)}\n"
            f"String to sign:\n{to_sign}"
        )


def _signing_key(secret: str, scope: CredentialScope) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (scope.day, scope.region, scope.service, scope.terminator):
        key = hmac.digest(key, part.encode("ascii"), "sha256")
    return key
