"""What a public client has to check of an ID token (OpenID Connect Core, 3.1.3.7).

The broker verifies the signature. The token comes straight from the token endpoint,
over TLS, so these checks tell whether it is the answer to what was asked.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aikagi.errors import IssuerError

_LEEWAY: Final = 60.0
"""Seconds by which the issuer's clocks may differ among each other."""

_LONGEST: Final = 100_000
"""Characters of a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """``nonce`` is None where none was sent, ``subject`` where any will do.

    ``now`` is epoch seconds, by the issuer's clock.
    """

    issuer: str
    client_id: str
    now: float
    nonce: str | None = None
    subject: str | None = None


def checked_claims(token: str, expected: Expected) -> Mapping[str, Any]:
    """Give the claims of an ID token. Raises ``IssuerError``."""
    claims = claims_of(token)
    for is_right, what in (
        (claims.get("iss") == expected.issuer, "another issuer (iss)"),
        (_is_for(claims, expected.client_id), "another client (aud)"),
        (
            expected.nonce is None or claims.get("nonce") == expected.nonce,
            "another sign-in (nonce)",
        ),
        (_ends_after(claims, expected.now - _LEEWAY), "a time that is over (exp)"),
        (_is_of(claims, expected.subject), "somebody else (sub)"),
    ):
        if not is_right:
            raise IssuerError(f"The issuer's ID token is of {what}")
    return claims


def claims_of(token: str) -> Mapping[str, Any]:
    """Read the claims of a JWT, unverified. Raises ``IssuerError``."""
    try:
        _, payload, _ = token[:_LONGEST].split(".")
        padded = payload + "=" * (-len(payload) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise IssuerError("The issuer's token is no JSON Web Token")
    return claims


def _is_for(claims: Mapping[str, Any], client_id: str) -> bool:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    authorized = claims.get("azp")
    if authorized is not None or len(audiences) > 1:
        return client_id in audiences and authorized == client_id
    return client_id in audiences


def _ends_after(claims: Mapping[str, Any], moment: float) -> bool:
    ends = claims.get("exp")
    if isinstance(ends, bool) or not isinstance(ends, int | float):
        return False
    return ends > moment


def _is_of(claims: Mapping[str, Any], subject: str | None) -> bool:
    found = claims.get("sub")
    return isinstance(found, str) and found != "" and subject in {None, found}
