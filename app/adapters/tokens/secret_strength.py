"""Tell a secret that was generated from one that somebody typed."""

from typing import Final

SHORTEST: Final = 32
"""Bytes: as long as the hash (RFC 7518, section 3.2)."""

FEWEST_SYMBOLS: Final = 10
"""A secret with fewer distinct bytes was typed, not generated."""

FEWEST_UNPREDICTED: Final = 20
"""Bytes that do not follow from those before them.

Of the shortest secret, 32 random hexadecimal digits, fewer remain once in millions.
"""

_KEYBOARD_ROWS: Final = (b"qwertyuiop", b"asdfghjkl", b"zxcvbnm")
_KEYBOARD: Final = frozenset(
    direction[start : start + 3]
    for row in _KEYBOARD_ROWS
    for direction in (row, row[::-1])
    for start in range(len(row) - 2)
)


class WeakSecretError(ValueError):
    """The message names the rule, never the secret."""


def refuse_weak(secret: bytes) -> None:
    """Raise ``WeakSecretError`` for a secret that is short or easily guessed."""
    if len(secret) < SHORTEST:
        msg = f"the signing secret is shorter than {SHORTEST} bytes"
        raise WeakSecretError(msg)
    if len(set(secret)) < FEWEST_SYMBOLS:
        msg = f"the signing secret has fewer than {FEWEST_SYMBOLS} distinct bytes"
        raise WeakSecretError(msg)
    if count_unpredicted(secret) < FEWEST_UNPREDICTED:
        msg = (
            "the signing secret consists of repetitions or sequences: let Secrets "
            "Manager generate one"
        )
        raise WeakSecretError(msg)


def count_unpredicted(secret: bytes) -> int:
    """Count the bytes that neither repeat what was there nor continue a sequence.

    Three bytes that were there before are a repetition; three at equal distances, as
    ``abc``, ``987`` and ``aaa``, or side by side on a keyboard, are a sequence.
    """
    lower = secret.lower()
    seen: set[bytes] = set()
    count = min(2, len(lower))
    for end in range(3, len(lower) + 1):
        three = lower[end - 3 : end]
        evenly_spaced = three[2] - three[1] == three[1] - three[0]
        if not (evenly_spaced or three in seen or three in _KEYBOARD):
            count += 1
        seen.add(three)
    return count
