"""``python -m app.admin keys …``: show and rotate the keys that sign tokens."""

import argparse
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.adapters.signing_secret import DatedKey, instant, signing_key
from app.admin.keys import KeyAdministration

LONGEST_LOGIN: Final = 90 * 86400
"""Seconds: the most that a deployment can say."""

_SHORTEST_LOGIN: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCommand:
    """``run`` returns the lines to show."""

    name: str
    what: str
    example: str
    run: Callable[[KeyAdministration, argparse.Namespace], Sequence[str]]
    add_options: Callable[[argparse.ArgumentParser], object]


def add_secret(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--secret", metavar="ARN", help="else AIKAGI_SIGNING_SECRET_ARN"
    )


def secret_arn(options: argparse.Namespace) -> str | None:
    return options.secret or os.environ.get("AIKAGI_SIGNING_SECRET_ARN")


def _add_rotation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--login-lifetime",
        type=_lifetime_option,
        metavar="SECONDS",
        help="the stack's parameter LoginLifetimeSeconds, for which old keys go on "
        "verifying; else AIKAGI_LOGIN_LIFETIME_SECONDS, or the longest there can be",
    )
    parser.add_argument(
        "--end-logins",
        action="store_true",
        help="drop all other keys at once, as when one has leaked: everybody has to "
        "log in again",
    )


def _lifetime(text: str) -> int:
    seconds = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    if not _SHORTEST_LOGIN <= seconds <= LONGEST_LOGIN:
        msg = f"a login lasts {_SHORTEST_LOGIN} to {LONGEST_LOGIN} seconds"
        raise ValueError(msg)
    return seconds


def _lifetime_option(text: str) -> int:
    try:
        return _lifetime(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _show(keys: KeyAdministration, options: argparse.Namespace) -> Sequence[str]:
    found = keys.keys()
    if options.json:
        return [json.dumps([_described(key) for key in found])]
    now = datetime.now(UTC)
    signs = signing_key(found, now)
    return [
        "\t".join((key.id, _state(key, signs, now), instant(key.created_at)))
        for key in found
    ]


def _rotate(keys: KeyAdministration, options: argparse.Namespace) -> Sequence[str]:
    if options.end_logins:
        rotation = keys.replace()
    else:
        seconds = options.login_lifetime or _lifetime(
            os.environ.get("AIKAGI_LOGIN_LIFETIME_SECONDS") or str(LONGEST_LOGIN)
        )
        rotation = keys.rotate(longest_login=timedelta(seconds=seconds))
    if options.json:
        answer = {
            "Added": rotation.added.id,
            "Dropped": [key.id for key in rotation.dropped],
            "Keys": [_described(key) for key in rotation.keys],
        }
        return [json.dumps(answer)]
    added = rotation.added
    lines = [f"Added the key {added.id}, which signs from {instant(added.signs_from)}."]
    lines += [
        f"The key {key.id} verifies until {instant(key.verifies_until)}."
        for key in rotation.keys
        if key.verifies_until is not None
    ]
    lines += [f"Dropped the key {key.id}." for key in rotation.dropped]
    if options.end_logins:
        lines.append("Everybody is logged out within an hour, and logs in again.")
    return lines


def _state(key: DatedKey, signs: DatedKey, now: datetime) -> str:
    if key.id == signs.id:
        return "signs"
    if key.signs_from > now:
        return f"signs from {instant(key.signs_from)}"
    if key.verifies_until is None:
        return "verifies"
    if not key.verifies(now):
        return "is over"
    return f"verifies until {instant(key.verifies_until)}"


def _described(key: DatedKey) -> dict[str, Any]:
    """Describe a key, but for what is secret in it."""
    until = key.verifies_until
    return {
        "KeyId": key.id,
        "CreatedAt": instant(key.created_at),
        "SignsFrom": instant(key.signs_from),
        "VerifiesUntil": None if until is None else instant(until),
    }


def _nothing(parser: argparse.ArgumentParser) -> None:
    """Take no further options."""


KEY_COMMANDS: Final = (
    KeyCommand(
        name="show",
        what="show the ids and dates of the keys that sign tokens, and no secret",
        example="show --local",
        run=_show,
        add_options=_nothing,
    ),
    KeyCommand(
        name="rotate",
        what="add a key to sign tokens with; nobody is logged out, nothing restarts",
        example="rotate --login-lifetime 604800",
        run=_rotate,
        add_options=_add_rotation,
    ),
)
