"""Make and check signatures. The only module that imports python-jose.

python-jose checks that a signature fits a key and little else: it takes an empty
secret, and a public key in DER as a secret. So every key is built here, beforehand,
for exactly one algorithm.
"""

import base64
import hmac
from collections.abc import Mapping
from typing import Any, Final, final

from jose import jwk, jws
from jose.backends import HMACKey

from app.adapters.tokens.secret_strength import refuse_weak

if HMACKey.__module__ != "jose.backends.cryptography_backend":
    msg = "python-jose has no cryptography backend: install python-jose[cryptography]"
    raise ImportError(msg)


@final
class HmacKey:
    """One secret for HS256, and the ``kid`` under which tokens name it.

    Raises ``WeakSecretError`` for a secret that is easily guessed.
    """

    algorithm: Final = "HS256"

    def __init__(self, secret: bytes, *, kid: str) -> None:
        refuse_weak(secret)
        self.kid = kid
        self._key = jwk.construct(secret, algorithm=self.algorithm)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Make the compact token that holds ``claims``."""
        headers = {"typ": "at+jwt", "kid": self.kid}
        return jws.sign(dict(claims), self._key, headers, self.algorithm)

    def mac(self, purpose: str, message: str) -> str:
        """Authenticate what is no token, with a key of its own for ``purpose``.

        A purpose is a name without a full stop: no token's signed part is one, so
        nothing signed here can be the key. The answer is 43 characters of base64url.
        """
        own = self._key.sign(purpose.encode("ascii"))
        code = hmac.digest(own, message.encode("ascii"), "sha256")
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode("ascii")

    def verify(self, signed_part: bytes, signature: bytes) -> bool:
        """Compare in constant time."""
        return self._key.verify(signed_part, signature)
