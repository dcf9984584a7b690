"""Who is asking, and the one spelling of them that AWS will see."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

LOCAL: Final = "local"
"""The alias of the broker's own users; no other issuer may have it."""

LONGEST_SESSION_NAME: Final = 64
"""Characters. STS API Reference, AssumeRole, RoleSessionName."""

LONGEST_SUBJECT: Final = 255
"""Characters. OpenID Connect Core 1.0, section 2, ``sub``."""

LONGEST_ATTRIBUTE: Final = 256
"""Characters of a value. STS API Reference, Tag."""

_ATTRIBUTE_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_TAG_SIGNS: Final = frozenset("_.:/=+-@")
_ALIAS: Final = re.compile(r"[a-z][a-z0-9-]{0,28}")
_UNUSABLE: Final = frozenset({"Cc", "Cs"})
"""Unicode's categories of controls and surrogates."""

_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")
_PLAIN: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A subject that a trusted issuer vouched for. Only a verifier makes one.

    ``issuer`` is the issuer's alias in the configuration, not its URL. Raises
    ``ValueError`` where AWS could not distinguish the pair from another.
    """

    issuer: str
    subject: str

    def __post_init__(self) -> None:
        if not is_alias(self.issuer):
            msg = "an issuer's alias is 1 to 29 of a-z, 0-9 and -, a letter first"
            raise ValueError(msg)
        if not self.subject:
            msg = "a subject is never empty"
            raise ValueError(msg)
        self.subject.encode()

    @property
    def session_name(self) -> str:
        """What CloudTrail and the called function see: ``<alias>+<subject>``.

        Injective: two people never share one. A subject that does not fit is
        replaced by a digest, marked ``==``, which no encoded subject begins with.
        """
        plain = f"{self.issuer}+{_encode(self.subject)}"
        if len(plain) <= LONGEST_SESSION_NAME:
            return plain
        digest = hashlib.sha256(f"{self.issuer}\0{self.subject}".encode()).digest()
        return f"{self.issuer}+=={base64.b32encode(digest).decode()[:32]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody the broker knows at this moment, and the groups they are in.

    ``credentials_version`` (a security stamp, elsewhere) changes when logins begun
    before are to be over. ``attributes`` are what sessions may be tagged with, the most
    important first.

    Tokens, logins and sessions that were issued before ``valid_from`` (epoch seconds)
    count no more, and sessions of ``revoked_grants`` are handed out no more. All this
    was so at ``read_at`` or later; None where nobody asked for a moment. A session
    counts as issued then, so that what is revoked since ends it.
    ``login_ends_at`` is the end of the login by which they came.
    """

    identity: Identity
    groups: frozenset[str]
    credentials_version: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    valid_from: int = 0
    revoked_grants: frozenset[str] = frozenset()
    read_at: datetime | None = field(default=None, compare=False)
    login_ends_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPassword:
    """A user whose password was right.

    A one-time password is good for a change of it and gives no login. ``stored_hash``
    is what it was checked against: a change replaces that and nothing newer.
    """

    user: User
    is_one_time: bool
    stored_hash: str = field(repr=False)


class PasswordRefusal(StrEnum):
    """Why a password gives nobody a login, as a code for the audit."""

    UNKNOWN_USER = "unknown-user"
    DISABLED = "user-disabled"
    NO_PASSWORD = "no-password"  # noqa: S105 - a code
    WRONG = "wrong-password"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPassword:
    """A password that was not taken. ``identity`` is a user's, where there is one."""

    reason: PasswordRefusal
    identity: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whom a token of ours speaks for, and the login it comes from.

    ``issued_at`` is the token's ``iat``; ``login_ends_at`` is when the login ends if it
    is not renewed again.
    """

    identity: Identity
    login_id: str
    issued_at: datetime
    login_ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedBearer:
    """Whom a token of another issuer speaks for, as it says and as its entry maps it.

    Groups and attributes hold as long as the token does; ``issued_at`` is its ``iat``.
    Of the login at the issuer no more is known than that the token ends:
    ``login_ends_at``.
    """

    identity: Identity
    groups: frozenset[str]
    issued_at: datetime
    login_ends_at: datetime
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)


AnyBearer: TypeAlias = Bearer | FederatedBearer


class TokenRefusal(StrEnum):
    """Why a token that verifies speaks for nobody now, as a code for the audit."""

    USER_UNKNOWN_OR_DISABLED = "user-unknown-or-disabled"
    REVOKED = "revoked"


def is_alias(text: str) -> bool:
    """Tell whether an issuer can be called so."""
    return _ALIAS.fullmatch(text) is not None


def is_subject(text: str) -> bool:
    """Tell whether an issuer may call somebody so: any Unicode but controls.

    Nothing is folded or trimmed: two spellings are two people, as for the issuer.
    """
    return 0 < len(text) <= LONGEST_SUBJECT and not any(
        unicodedata.category(character) in _UNUSABLE for character in text
    )


def is_attribute(name: str, value: str) -> bool:
    """Tell whether a session can be tagged so, as ``claim.<name>``.

    STS API Reference, Tag: letters, digits and spaces of any script, and ``_.:/=+-@``.
    Names are in small letters: to STS, keys that differ in case alone are one.
    """
    return (
        _ATTRIBUTE_NAME.fullmatch(name) is not None
        and len(value) <= LONGEST_ATTRIBUTE
        and all(
            sign in _TAG_SIGNS or unicodedata.category(sign)[0] in "LNZ"
            for sign in value
        )
    )


def canonical_username(typed: str) -> str:
    """Give the one form in which a username is stored and compared.

    Raises ``ValueError`` for what could never be one: it is refused, not repaired.
    """
    name = typed.lower() if typed.isascii() else typed
    if not _USERNAME.fullmatch(name):
        msg = "a username is 1 to 63 of a-z, 0-9 and ._@-, a letter or digit first"
        raise ValueError(msg)
    return name


@lru_cache(maxsize=1024)
def _encode(subject: str) -> str:
    return "".join(
        chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in subject.encode()
    )
