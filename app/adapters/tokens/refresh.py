"""Refresh tokens: opaque to their holder, sealed so that we know our own.

``<login id>.<kid>.<secret>.<seal>``. The seal lets a token that nobody was ever given
be refused before anything is looked up; were any nonsense taken for a spent token,
whoever has read a login's id could end it.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, final

from app.adapters.tokens.access import KeyRing
from app.adapters.tokens.rejection import Rejected

_SHAPE: Final = re.compile(
    r"(([0-9a-f]{32})\.([A-Za-z0-9]{1,32})\.([A-Za-z0-9_-]{43}))\.([A-Za-z0-9_-]{43})"
)
_SEAL: Final = "aikagi refresh token seal"
_NEXT: Final = "aikagi refresh token successor"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSecret:
    """What makes a refresh token that one and no other; only ``digest`` is kept."""

    login_id: str
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A token of ours that somebody shows, and the one that can follow it."""

    secret: RefreshSecret
    successor: RefreshSecret


@final
class RefreshTokens:
    """May raise ``SigningKeyUnavailableError``."""

    def __init__(
        self, keys: KeyRing, *, entropy: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._keys = keys
        self._entropy = entropy

    def new(self) -> RefreshSecret:
        """Make the first secret of a login, and the login's id: 256 and 128 bits."""
        secret = base64.urlsafe_b64encode(self._entropy(32)).rstrip(b"=")
        return RefreshSecret(
            login_id=self._entropy(16).hex(), text=secret.decode("ascii")
        )

    def seal(self, secret: RefreshSecret) -> str:
        """Write the token out."""
        key = self._keys.current()
        body = f"{secret.login_id}.{key.kid}.{secret.text}"
        return f"{body}.{key.mac(_SEAL, body)}"

    def open(self, token: str) -> Shown:
        """Take a token of ours apart. Raises ``Rejected`` for any other.

        Its successor follows from it and the key it was sealed with, so that
        whoever is asked for it, however often, gives the same.
        """
        parts = _SHAPE.fullmatch(token)
        if not parts:
            raise Rejected("not-a-refresh-token")
        body, login_id, kid, text, seal = parts.groups()
        key = self._keys.find(kid)
        if key is None:
            raise Rejected("unknown-key")
        if not hmac.compare_digest(seal, key.mac(_SEAL, body)):
            raise Rejected("bad-seal")
        following = key.mac(_NEXT, f"{login_id}.{text}")
        return Shown(
            secret=RefreshSecret(login_id=login_id, text=text),
            successor=RefreshSecret(login_id=login_id, text=following),
        )
