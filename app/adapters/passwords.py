"""Hash and check passwords: argon2id.

A check holds 19 MiB while it runs; whoever asks for many at once bounds their number.
"""

from typing import Final, final

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 8
LONGEST: Final = 1024
"""Bytes of UTF-8, exactly as typed: nothing is trimmed, folded or cut off."""

_LARGEST_MEMORY: Final = 256 * 1024
"""KiB a stored hash may ask for; a record that wants more is corrupt."""

OWASP: Final = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16
)
"""The first of OWASP's equivalent argon2id settings (Password Storage Cheat Sheet)."""


class UnusablePasswordError(ValueError):
    """The message says which rule it breaks, never the password."""


@final
class Passwords:
    def __init__(self, *, hasher: PasswordHasher = OWASP) -> None:
        self._hasher = hasher
        # Of the same cost as any other, and of no password anybody can type.
        self._nobody = hasher.hash(b"\0")

    def hash(self, password: str) -> str:
        """Raise ``UnusablePasswordError`` for one that could not be checked later."""
        return self._hasher.hash(_bytes_of(password))

    def verify(self, password: str, stored_hash: str | None) -> bool:
        """Check ``password``, always with exactly one argon2 verification.

        An absent, foreign or corrupt hash and an unusable password take the time of
        a wrong password.
        """
        try:
            typed: bytes | None = _bytes_of(password)
        except UnusablePasswordError:
            typed = None
        usable = stored_hash is not None and _is_ours(stored_hash)
        against = stored_hash if usable and stored_hash else self._nobody
        matches = self._verify(against, typed or b"-")
        return matches and typed is not None

    def _verify(self, stored_hash: str, typed: bytes) -> bool:
        try:
            return self._hasher.verify(stored_hash, typed)
        except (VerificationError, InvalidHashError):
            return False


def _bytes_of(password: str) -> bytes:
    try:
        data = password.encode("utf-8")
    except UnicodeEncodeError:
        msg = "a password is Unicode text without lone surrogates"
        raise UnusablePasswordError(msg) from None
    if not SHORTEST <= len(data) <= LONGEST:
        msg = f"a password has {SHORTEST} to {LONGEST} bytes"
        raise UnusablePasswordError(msg)
    if b"\0" in data:
        msg = "a password has no NUL in it"
        raise UnusablePasswordError(msg)
    return data


def _is_ours(stored_hash: str) -> bool:
    try:
        parameters = extract_parameters(stored_hash)
    except (InvalidHashError, ValueError):
        return False
    return parameters.type is Type.ID and parameters.memory_cost <= _LARGEST_MEMORY
