"""Read the key set of another issuer (RFC 7517, section 5), trusting nothing in it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, TypeAlias

from app import strict_json
from app.adapters.tokens.signature import PublicKey, UnusableKeyError

MOST: Final = 32
"""Keys in a set. Who publishes more has made a mistake, or means harm."""

_LONGEST_KID: Final = 256

PublicKeys: TypeAlias = Mapping[tuple[str, str], PublicKey]
"""Keys by algorithm and ``kid``."""


class GarbageError(ValueError):
    """It is no key set that could be used. The message repeats nothing of it."""


def read(data: bytes, algorithms: Collection[str]) -> PublicKeys:
    """Read the keys that can be used for ``algorithms``; the others are skipped.

    Two different keys of one name and algorithm are both left out, for a token could
    mean either. Raises ``GarbageError`` where nothing is left.
    """
    found: dict[tuple[str, str], PublicKey] = {}
    sources: dict[tuple[str, str], Any] = {}
    mistakable = set()
    for members in _members(data):
        name = members["kid"]
        try:
            key = PublicKey(members)
        except UnusableKeyError:
            continue
        if key.algorithm not in algorithms:
            continue
        if members.get("alg", key.algorithm) != key.algorithm:
            continue
        place = (key.algorithm, name)
        public = {part: members.get(part) for part in ("n", "e", "x", "y")}
        if sources.setdefault(place, public) != public:
            mistakable.add(place)
        found[place] = key
    usable = {place: key for place, key in found.items() if place not in mistakable}
    if not usable:
        raise GarbageError("no key in it can be used")
    return usable


def _members(data: bytes) -> Iterator[Mapping[str, Any]]:
    """Give the keys that are public, have a name and may verify signatures."""
    try:
        value = strict_json.loads(data)
    except strict_json.NotStrictJSONError as error:
        raise GarbageError("it is not strict JSON") from error
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list):
        raise GarbageError("it has no list of keys")
    if len(keys) > MOST:
        raise GarbageError(f"it has more than {MOST} keys")
    for members in keys:
        if isinstance(members, dict) and _may_verify(members):
            yield members


def _may_verify(members: Mapping[str, Any]) -> bool:
    kid = members.get("kid")
    operations = members.get("key_ops", ["verify"])
    return (
        isinstance(kid, str)
        and 0 < len(kid) <= _LONGEST_KID
        # Who publishes a private key has lost it.
        and "d" not in members
        and members.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )
