"""The broker's own access tokens (RFC 9068): minted here, accepted here."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, final

from app.adapters.tokens import claims, compact
from app.adapters.tokens.compact import CompactToken
from app.adapters.tokens.rejection import Rejected
from app.adapters.tokens.signature import HmacKey
from app.domain.credentials import AccessToken
from app.domain.errors import TokenRejectedError
from app.domain.identity import LOCAL, Bearer, Identity, canonical_username

AUDIENCE: Final = "aikagi"

_log = logging.getLogger(__name__)


class KeySet(Protocol):
    """May raise ``SigningKeyUnavailableError``."""

    def current(self) -> HmacKey:
        """Return the key to sign with."""

    def find(self, kid: str) -> HmacKey | None:
        """Return the one key of that name."""

    def find_or_begin(self, kid: str) -> HmacKey | None:
        """Return it without waiting; ``pending`` of the error may be waited for."""


@final
class AccessTokens:
    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        lifetime: timedelta,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._keys = keys
        self._expected = claims.Expected(
            issuer=issuer, audience=AUDIENCE, longest_life=lifetime
        )
        self._clock = clock
        self._new_id = new_id

    def mint(self, bearer: Bearer) -> AccessToken:
        """Make a token for one of the broker's own users, out of their login."""
        issued = int(bearer.issued_at.timestamp())
        lifetime = self._expected.longest_life
        text = self._keys.current().sign(
            {
                "iss": self._expected.issuer,
                "aud": self._expected.audience,
                "sub": bearer.identity.subject,
                "sid": bearer.login_id,
                claims.SESSION_EXPIRY: int(bearer.login_ends_at.timestamp()),
                "iat": issued,
                "exp": issued + int(lifetime.total_seconds()),
                "jti": self._new_id(),
            }
        )
        return AccessToken(text=text, lifetime=lifetime)

    def verify(self, token: str) -> Bearer:
        """Tell whom ``token`` speaks for, and out of which login.

        Raises ``TokenRejectedError``, the same whatever is wrong, and
        ``SigningKeyUnavailableError``. The reason goes to the log, as a code.
        """
        try:
            return self.check(compact.split(token))
        except Rejected as rejected:
            _log.info("An access token was rejected: %s", rejected.reason)
            raise TokenRejectedError from None

    def check(self, parts: CompactToken) -> Bearer:
        """Do the same with a token that was taken apart. Raises ``Rejected``."""
        key = self._key_for(parts.header)
        if not key.verify(parts.signed_part, parts.signature):
            raise Rejected("bad-signature")
        # Another kind of token, signed with the same key one day, is not an access
        # token (RFC 9068, section 4).
        if parts.header.get("typ") != "at+jwt":
            raise Rejected("wrong-type")
        payload = compact.read_object(parts.payload, "claims")
        checked = claims.check(payload, self._expected, self._clock())
        return Bearer(
            identity=_local(checked.subject),
            login_id=checked.login_id,
            issued_at=checked.issued_at,
            login_ends_at=checked.login_ends_at,
        )

    def _key_for(self, header: Mapping[str, Any]) -> HmacKey:
        if header.get("alg") != HmacKey.algorithm:
            raise Rejected("wrong-algorithm")
        kid = header.get("kid")
        key = self._keys.find_or_begin(kid) if isinstance(kid, str) else None
        if key is None:
            raise Rejected("unknown-key")
        return key


def _local(subject: str) -> Identity:
    try:
        canonical = canonical_username(subject)
    except ValueError:
        raise Rejected("not-a-username") from None
    if canonical != subject:
        raise Rejected("not-a-username")
    return Identity(issuer=LOCAL, subject=subject)
