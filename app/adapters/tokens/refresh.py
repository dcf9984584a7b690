"""Refresh tokens: opaque to their holder, signed so that we know our own.

``<login id>.<kid>.<secret>.<signature>``. The signature lets a token that nobody was
ever given be refused before anything is looked up; were any nonsense taken for a used
token, whoever has read a login's id could end it.
"""

import base64
import hmac
import logging
import re
import secrets
from collections.abc import Callable
from typing import Final, final

from app.adapters.tokens.access import KeySet
from app.adapters.tokens.rejection import Rejected
from app.domain.errors import LoginEndedError
from app.domain.logins import PresentedToken, RefreshSecret

_SHAPE: Final = re.compile(
    r"(([0-9a-f]{32})\.([A-Za-z0-9]{1,32})\.([A-Za-z0-9_-]{43}))\.([A-Za-z0-9_-]{43})"
)
_SIGNATURE: Final = "aikagi refresh token signature"
_SUCCESSOR: Final = "aikagi refresh token successor"

_log = logging.getLogger(__name__)


@final
class RefreshTokens:
    """May raise ``SigningKeyUnavailableError``."""

    def __init__(
        self, keys: KeySet, *, entropy: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._keys = keys
        self._entropy = entropy

    def new(self) -> RefreshSecret:
        """Make the first secret of a login, and the login's id: 256 and 128 bits."""
        secret = base64.urlsafe_b64encode(self._entropy(32)).rstrip(b"=")
        return RefreshSecret(
            login_id=self._entropy(16).hex(), text=secret.decode("ascii")
        )

    def sign(self, secret: RefreshSecret) -> str:
        """Write the token out."""
        key = self._keys.current()
        body = f"{secret.login_id}.{key.kid}.{secret.text}"
        return f"{body}.{key.mac(_SIGNATURE, body)}"

    def verify(self, token: str) -> PresentedToken:
        """Take a token of ours apart.

        Its successor follows from it and the key it was signed with, so that whoever is
        asked for it, however often, gives the same.

        Raises ``LoginEndedError`` for any other. The reason goes to the log, as a code.
        """
        try:
            return self._verify(token)
        except Rejected as rejected:
            _log.info("A refresh token was refused: %s", rejected.reason)
            raise LoginEndedError(reason=rejected.reason) from None

    def _verify(self, token: str) -> PresentedToken:
        parts = _SHAPE.fullmatch(token)
        if not parts:
            raise Rejected("not-a-refresh-token")
        body, login_id, kid, text, signature = parts.groups()
        key = self._keys.find(kid)
        if key is None:
            raise Rejected("unknown-key")
        if not hmac.compare_digest(signature, key.mac(_SIGNATURE, body)):
            raise Rejected("bad-signature")
        following = key.mac(_SUCCESSOR, f"{login_id}.{text}")
        return PresentedToken(
            secret=RefreshSecret(login_id=login_id, text=text),
            successor=RefreshSecret(login_id=login_id, text=following),
        )
