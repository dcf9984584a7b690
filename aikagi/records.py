"""What a store holds of a login: its tokens, and the grants it was given.

``docs/stored-data.md`` has the versions of these records. Each says its own, and those
of the versions before are read as well.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from aikagi.errors import AddressError, StateError, StateVersionError
from aikagi.grant import Grant
from aikagi.store import CacheEntry
from aikagi.tokens import Tokens

VERSION: Final = 3
"""Of every record that is written. Those of version 1 did not say so."""

TOKENS: Final = "login"
"""The name of the entry of the tokens."""

FUNCTIONS: Final = "functions"
"""The name of the entry of the functions that were listed last."""

_WORD: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""What a shell completes without reading anything else in it."""

_TOKENS_V1: Final = {
    "login": "login_id",
    "access": "access_token",
    "ends_at": "expires_at",
    "life": "lifetime",
    "refresh": "refresh_token",
    "refresh_ends_at": "refresh_expires_at",
}
_GRANT_V1: Final = {"ahead": "clock_offset", "life": "lifetime"}
"""What members were called in version 1."""


def grant_entry_name(function: str, seconds: int | None) -> str:
    """Name the entry of a grant that was asked for so many seconds, or for none."""
    return f"grant-{seconds or 'default'}-{function}"


def read_tokens(entry: CacheEntry) -> Tokens | None:
    """Read the tokens. Raises ``StateError`` where they are damaged."""
    record = entry.read()
    try:
        return None if record is None else Tokens.from_json(_tokens_of(record))
    except (KeyError, TypeError, ValueError, AddressError) as error:
        raise StateError("The stored login is damaged: log in again") from error


def tokens_record(tokens: Tokens) -> Mapping[str, Any]:
    """Give what ``read_tokens`` reads."""
    return {"version": VERSION, "tokens": tokens.to_json()}


def read_grant(entry: CacheEntry, login_id: str) -> Grant | None:
    """Read the grant that this login was given; one that is damaged is none.

    Raises ``StateVersionError`` where a later version of the client has written it.
    """
    try:
        record = entry.read() or {}
        if _login_of(record) != login_id:
            return None
        return Grant.from_json(_grant_of(record))
    except StateVersionError:
        raise
    except (KeyError, TypeError, ValueError, AddressError, StateError):
        return None


def grant_record(login_id: str, grant: Grant) -> Mapping[str, Any]:
    """Give what ``read_grant`` reads: a grant counts in its own login alone."""
    return {"version": VERSION, "login_id": login_id, "grant": grant.to_json()}


def read_function_names(entry: CacheEntry) -> list[str]:
    """Read the names that were listed last; what is damaged is none."""
    try:
        names = (entry.read() or {}).get("names")
    except StateError:
        return []
    return [
        name
        for name in (names if isinstance(names, list) else ())
        if isinstance(name, str) and _WORD.fullmatch(name)
    ]


def function_names_record(names: Iterable[str]) -> Mapping[str, Any]:
    """Give what ``read_function_names`` reads."""
    return {"version": VERSION, "names": list(names)}


def require_replaceable(entry: CacheEntry) -> None:
    """Raise ``StateVersionError`` where a later version has written the entry."""
    try:
        entry.read()
    except StateVersionError:
        raise
    except StateError:
        pass  # what is damaged is replaced


def require_known_version(record: Mapping[str, Any], name: str) -> None:
    """Raise ``StateVersionError`` of what a later version wrote, under its ``name``."""
    version = record.get("version", 1)
    if not isinstance(version, int):
        raise StateError(f"{name} is damaged: `aikagi logout`, and log in again")
    if version > VERSION:
        raise StateVersionError(
            f"{name} was written by a later version of aikagi (its format is "
            f"{version}, this one knows {VERSION}): update aikagi. Nothing was changed"
        )


def _tokens_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    if _is_v1(record):
        return _renamed(record, _TOKENS_V1)
    tokens: Mapping[str, Any] = record["tokens"]
    return tokens


def _login_of(record: Mapping[str, Any]) -> object:
    return record.get("login" if _is_v1(record) else "login_id")


def _grant_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    grant: Mapping[str, Any] = record["grant"]
    return _renamed(grant, _GRANT_V1) if _is_v1(record) else grant


def _is_v1(record: Mapping[str, Any]) -> bool:
    return "version" not in record


def _renamed(value: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    return {names.get(name, name): member for name, member in value.items()}
