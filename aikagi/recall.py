"""What a shelf holds of a login: its tokens, and the grants it was given."""

from collections.abc import Mapping
from typing import Any, Final

from aikagi.errors import StateError
from aikagi.grant import Grant
from aikagi.shelf import Slot
from aikagi.tokens import Tokens

TOKENS: Final = "login"
"""The name of the slot of the tokens."""


def grant_slot(function: str, seconds: int) -> str:
    """Name the slot of a grant that was asked for so many seconds."""
    return f"grant-{seconds}-{function}"


def recall_tokens(slot: Slot) -> Tokens | None:
    """Read the tokens. Raises ``StateError`` where they are damaged."""
    kept = slot.read()
    try:
        return None if kept is None else Tokens.recall(kept)
    except (KeyError, TypeError, ValueError) as error:
        raise StateError(
            "What was kept of the login is damaged: log in again"
        ) from error


def recall_grant(slot: Slot, login: str) -> Grant | None:
    """Read the grant that ``login`` was given; one that is damaged is none."""
    try:
        kept = slot.read() or {}
        return Grant.recall(kept["grant"]) if kept.get("login") == login else None
    except (KeyError, TypeError, ValueError, StateError):
        return None


def grant_to_keep(login: str, grant: Grant) -> Mapping[str, Any]:
    """Give what ``recall_grant`` reads: a grant counts in its own login alone."""
    return {"login": login, "grant": grant.remember()}
