"""Make and check signatures. The only module that imports python-jose.

python-jose checks that a signature fits a key and little else: it takes an empty
secret, and a public key in DER as a secret; a private key where a public one belongs,
and numbers in base64 with anything between. So every key is built here, beforehand, for
exactly one algorithm, out of members that have been looked at.
"""

import base64
import hmac
from collections.abc import Mapping
from typing import Any, Final, final

from jose import jwk, jws
from jose.backends import HMACKey

from app.adapters.tokens.compact import decode
from app.adapters.tokens.rejection import Rejected
from app.adapters.tokens.secret_strength import refuse_weak

if HMACKey.__module__ != "jose.backends.cryptography_backend":
    msg = "python-jose has no cryptography backend: install python-jose[cryptography]"
    raise ImportError(msg)


RS256: Final = "RS256"
ES256: Final = "ES256"

_RSA_BITS: Final = range(2048, 8192 + 1)
_SMALLEST_EXPONENT: Final = 65537
_LARGEST_EXPONENT: Final = 2**32
_P256: Final = "P-256"
_COORDINATE: Final = 32
"""Bytes of each of a point of P-256 (RFC 7518, section 6.2.1.2)."""


class UnusableKeyError(ValueError):
    """The message says what is wrong with it, and nothing of the key."""


@final
class PublicKey:
    """A public key of RFC 7518, section 6, for RS256 or for ES256 and nothing else.

    Raises ``UnusableKeyError`` for members that make no such key.
    """

    def __init__(self, members: Mapping[str, Any]) -> None:
        match members.get("kty"):
            case "RSA":
                self.algorithm, public = RS256, _rsa(members)
            case "EC":
                self.algorithm, public = ES256, _p256(members)
            case _:
                raise UnusableKeyError("its type is neither RSA nor EC")
        try:
            self._key = jwk.construct(public, algorithm=self.algorithm)
        # python-jose and cryptography raise what they like: no point of the curve, say.
        except Exception as error:
            raise UnusableKeyError("it is no key") from error

    def verify(self, signed_part: bytes, signature: bytes) -> bool:
        return self._key.verify(signed_part, signature)


def _rsa(members: Mapping[str, Any]) -> dict[str, str]:
    modulus = int.from_bytes(_number(members, "n"))
    exponent = int.from_bytes(_number(members, "e"))
    if modulus.bit_length() not in _RSA_BITS:
        raise UnusableKeyError("its modulus has not 2048 to 8192 bits")
    if not _SMALLEST_EXPONENT <= exponent < _LARGEST_EXPONENT or not exponent % 2:
        raise UnusableKeyError("its exponent is small, huge or even")
    return {"kty": "RSA", "n": members["n"], "e": members["e"]}


def _p256(members: Mapping[str, Any]) -> dict[str, str]:
    if members.get("crv") != _P256:
        raise UnusableKeyError("its curve is not P-256")
    if any(len(_number(members, name)) != _COORDINATE for name in ("x", "y")):
        raise UnusableKeyError("its coordinates are not of 32 bytes")
    return {"kty": "EC", "crv": _P256, "x": members["x"], "y": members["y"]}


def _number(members: Mapping[str, Any], name: str) -> bytes:
    text = members.get(name)
    if not isinstance(text, str) or not text.isascii():
        raise UnusableKeyError(f"its {name} is no base64url")
    try:
        return decode(text)
    except Rejected as error:
        raise UnusableKeyError(f"its {name} is no base64url") from error


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
