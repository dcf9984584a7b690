"""Tokens of other issuers (OpenID Connect, RFC 9068, Kubernetes), accepted here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, final

from app.adapters.tokens import compact, issuer_claims
from app.adapters.tokens.claims import text
from app.adapters.tokens.compact import CompactToken
from app.adapters.tokens.rejection import Rejected
from app.adapters.tokens.signature import ES256, RS256, PublicKey
from app.domain.identity import FederatedBearer
from app.domain.issuers import Issuer, Issuers

ALGORITHMS: Final = frozenset({RS256, ES256})
"""A token that is signed so is another issuer's: the broker's own never are."""


class TrustedIssuers(Protocol):
    """May raise ``IssuersUnavailableError``."""

    def read(self) -> Issuers: ...


class Keys(Protocol):
    """May raise ``IssuerKeysUnavailableError``."""

    def find(self, issuer: Issuer, algorithm: str, kid: str) -> PublicKey | None:
        """Return the one key of that name and algorithm."""


@final
class IssuerTokens:
    def __init__(
        self, issuers: TrustedIssuers, keys: Keys, *, clock: Callable[[], datetime]
    ) -> None:
        self._issuers = issuers
        self._keys = keys
        self._clock = clock

    def check(self, token: CompactToken) -> FederatedBearer:
        """Tell whom ``token`` speaks for. Raises ``Rejected``."""
        # Nobody has signed these yet: they choose whose rules and keys count, among
        # those that are configured, and nothing else.
        claims = compact.read_object(token.payload, "claims")
        issuer = self._issuers.read().find(text(claims, "iss"))
        if issuer is None:
            raise Rejected("unknown-issuer")
        try:
            return self._verified(token, claims, issuer)
        except Rejected as rejected:
            reason = f"{rejected.reason}, of the issuer {issuer.alias}"
            raise Rejected(reason) from rejected

    def _verified(
        self, token: CompactToken, claims: Mapping[str, Any], issuer: Issuer
    ) -> FederatedBearer:
        key = self._key_for(token, issuer)
        if not key.verify(token.signed_part, token.signature):
            raise Rejected("bad-signature")
        issuer_claims.check_type(token.header)
        return issuer_claims.check(claims, issuer, self._clock())

    def _key_for(self, token: CompactToken, issuer: Issuer) -> PublicKey:
        algorithm, kid = token.header.get("alg"), token.header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in issuer.algorithms:
            raise Rejected("wrong-algorithm")
        key = self._keys.find(issuer, algorithm, kid) if isinstance(kid, str) else None
        if key is None:
            raise Rejected("unknown-key")
        return key
