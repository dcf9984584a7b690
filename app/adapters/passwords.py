"""Hash and check passwords: argon2id.

A check holds 19 MiB while it runs; whoever asks for many at once bounds their number.
"""

import base64
import re
from functools import cache
from typing import Final, final

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 8
LONGEST: Final = 1024
"""Bytes of UTF-8, exactly as typed: nothing is trimmed, folded or cut off."""

_LARGEST_MEMORY: Final = 256 * 1024
"""KiB a stored hash may ask for; a record that wants more is corrupt."""

_MOST_WORK: Final = 4 * _LARGEST_MEMORY
"""KiB times passes, likewise."""

_MOST_LANES: Final = 16

_IMPORTED: Final = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,7}),t=([1-9][0-9]{0,3}),p=([1-9][0-9]?)"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})"
)
_IMPORTED_MEMORY: Final = range(7 * 1024, 64 * 1024 + 1)
"""KiB: from the least that OWASP lists to the second choice of RFC 9106, section 4."""

_IMPORTED_WORK: Final = range(35 * 1024, 4 * 64 * 1024 + 1)
"""KiB times passes: from the least that OWASP lists to seven times our own."""

OWASP: Final = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16
)
"""The first of OWASP's equivalent argon2id settings (Password Storage Cheat Sheet)."""


class UnusableHashError(ValueError):
    """The message says why, never the hash."""


class UnusablePasswordError(ValueError):
    """The message says which rule it breaks, never the password."""


@final
class Passwords:
    def __init__(self, *, hasher: PasswordHasher = OWASP) -> None:
        self._hasher = hasher

    def hash(self, password: str) -> str:
        """Raise ``UnusablePasswordError`` for one that could not be checked later."""
        return self._hasher.hash(_bytes_of(password))

    def require_usable(self, password: str) -> None:
        """Raise ``UnusablePasswordError`` as ``hash`` would, without its work."""
        _bytes_of(password)

    def verify(self, password: str, stored_hash: str | None) -> bool:
        """Check ``password``, always with exactly one argon2 verification.

        An absent, foreign or corrupt hash and an unusable password take the time of
        a wrong password.
        """
        try:
            typed: bytes | None = _bytes_of(password)
        except UnusablePasswordError:
            typed = None
        nobody = _hash_of_nobody(self._hasher)
        usable = stored_hash is not None and _is_ours(stored_hash)
        against = stored_hash if usable and stored_hash else nobody
        matches = self._verify(against, typed or b"-")
        return matches and typed is not None

    def _verify(self, stored_hash: str, typed: bytes) -> bool:
        try:
            return self._hasher.verify(stored_hash, typed)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """Hash, once, what nobody can type as a password, at the cost of any other.

    That is for the first login, whoever it is of: a start has other things to do.
    """
    return hasher.hash(b"\0")


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
    memory, passes = parameters.memory_cost, parameters.time_cost
    return (
        parameters.type is Type.ID
        and memory <= _LARGEST_MEMORY
        and memory * passes <= _MOST_WORK
        and parameters.parallelism <= _MOST_LANES
    )


def require_importable(stored_hash: str) -> None:
    """Refuse a hash of elsewhere that is weak, or costs too much at every login.

    Raises ``UnusableHashError``.
    """
    parts = _IMPORTED.fullmatch(stored_hash)
    if not parts:
        raise UnusableHashError(
            "the hash is not argon2id's, version 19, as it writes it"
        )
    memory, passes, lanes = map(int, parts.group(1, 2, 3))
    if memory not in _IMPORTED_MEMORY or memory * passes not in _IMPORTED_WORK:
        raise UnusableHashError(
            f"the hash takes {memory} KiB and {passes} passes: {_IMPORTED_MEMORY[0]} "
            f"to {_IMPORTED_MEMORY[-1]} KiB are allowed, and times the passes "
            f"{_IMPORTED_WORK[0]} to {_IMPORTED_WORK[-1]}"
        )
    if lanes > _MOST_LANES:
        raise UnusableHashError(
            f"the hash takes {lanes} lanes, and {_MOST_LANES} are allowed"
        )
    if not all(map(_is_base64, parts.group(4, 5))):
        raise UnusableHashError("the salt or the digest of the hash is not base64")


def _is_base64(text: str) -> bool:
    """Tell whether it is the one way to write its bytes, which argon2 insists on."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return False
    return base64.b64encode(data).rstrip(b"=") == text.encode()
