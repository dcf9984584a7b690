"""The signing secret as Secrets Manager keeps it: keys and their dates.

Nothing here signs: the operator's commands have no library for it.
``docs/stored-data.md`` has the shape.
"""

import hashlib
import json
import re
import secrets
import string
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3

from app import strict_json
from app.adapters import aws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

VERSION: Final = 2
"""Of the JSON. Version 1 was a plain text, one key in each version of the secret."""

CURRENT: Final = "AWSCURRENT"
PREVIOUS: Final = "AWSPREVIOUS"

FRESH: Final = timedelta(minutes=5)
"""How long a broker goes by what it has read before it reads again."""

USABLE: Final = timedelta(hours=1)
"""How long it goes on while the secret cannot be read."""

INTERVAL: Final = timedelta(seconds=30)
"""However many unknown ``kid``s arrive, a broker reads no more often."""

SIGNS_AFTER: Final = timedelta(minutes=10)
"""How long a new key only verifies.

It has to be longer than ``INTERVAL``: a broker that has just read, and may not again,
has the key then. The rest is for clocks: AWS takes signatures from those that are five
minutes off, and the operator's is one of them.
"""


_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)

_ID: Final = re.compile("[A-Za-z0-9]{1,32}")
"""What a token can hold (``refresh``)."""


class MalformedSecretError(ValueError):
    """The message says what is wrong, never what the secret holds."""


class LaterSecretError(Exception):
    """The secret is of a version that is not known here."""

    def __init__(self, version: int) -> None:
        super().__init__(
            "The signing secret was written by a later version of the broker (its "
            f"format is {version}, this one knows {VERSION}): update this one. Nothing "
            "was changed"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedKey:
    """A key and when it is used. One without an end verifies until it is replaced."""

    id: str
    secret: str = field(repr=False)
    created_at: datetime
    signs_from: datetime
    verifies_until: datetime | None = None

    def verifies(self, now: datetime) -> bool:
        return self.verifies_until is None or now < self.verifies_until


def new_key(now: datetime) -> DatedKey:
    """Make a key that signs after a while: 64 letters and digits, 381 bits."""
    alphabet = string.ascii_letters + string.digits
    return DatedKey(
        id=secrets.token_hex(8),
        secret="".join(secrets.choice(alphabet) for _ in range(64)),
        created_at=now,
        signs_from=now + SIGNS_AFTER,
    )


def connect(session: boto3.session.Session) -> "SecretsManagerClient":
    return session.client("secretsmanager", config=aws.IMPATIENT)


def fetch(client: "SecretsManagerClient", secret_arn: str) -> Sequence[DatedKey]:
    """Read all keys, in no particular order.

    Raises what botocore raises, ``MalformedSecretError`` and ``LaterSecretError``.
    """
    keys = _fetch(client, secret_arn, CURRENT)
    if not keys.are_dated:
        # A plain text is one key: the one before it is in the version before. A secret
        # that was never rotated has none.
        with suppress(client.exceptions.ResourceNotFoundException):
            keys.extend(_fetch(client, secret_arn, PREVIOUS))
    return keys.found


def signing_key(keys: Sequence[DatedKey], now: datetime) -> DatedKey:
    """Choose the newest whose time has come; before any has, the one that is first."""
    by_time = sorted(keys, key=lambda key: key.signs_from)
    return next((key for key in reversed(by_time) if key.signs_from <= now), by_time[0])


def rotated(
    keys: Sequence[DatedKey],
    new: DatedKey,
    *,
    now: datetime,
    longest_login: timedelta,
) -> Sequence[DatedKey]:
    """Put ``new`` beside the others, which verify until no login needs them.

    Those that verify nothing any more are left out. A broker may sign with what it has
    read for as long as ``USABLE``, and a login that it begins last of all lasts
    ``longest_login``.
    """
    end = new.signs_from + USABLE + longest_login
    kept = [key for key in keys if key.verifies(now)]
    return [
        *(replace(key, verifies_until=key.verifies_until or end) for key in kept),
        new,
    ]


def write(keys: Sequence[DatedKey]) -> str:
    """Write the secret's text."""
    return json.dumps(
        {"Version": VERSION, "Keys": [_written(key) for key in keys]}, indent=1
    )


@dataclass(slots=True)
class _Keys:
    found: list[DatedKey]
    are_dated: bool

    def extend(self, others: "_Keys") -> None:
        known = {key.id for key in self.found}
        self.found += [key for key in others.found if key.id not in known]


def _fetch(client: "SecretsManagerClient", secret_arn: str, stage: str) -> _Keys:
    answer = client.get_secret_value(SecretId=secret_arn, VersionStage=stage)
    text = answer.get("SecretString")
    if text is None:
        raise _malformed("has no text")
    if text.lstrip().startswith("{"):
        return _Keys(_read(text), are_dated=True)
    plain = DatedKey(
        id=hashlib.sha256(answer["VersionId"].encode()).hexdigest()[:16],
        secret=text,
        created_at=answer.get("CreatedDate", _LONG_AGO),
        # Its stage says which one signs, and not its date: somebody may move a stage.
        signs_from=_LONG_AGO + timedelta(seconds=stage == CURRENT),
    )
    return _Keys([plain], are_dated=False)


def _read(text: str) -> list[DatedKey]:
    try:
        value = strict_json.loads(text.encode())
    except strict_json.NotStrictJSONError:
        raise _malformed("is not strict JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("Version"), int):
        raise _malformed("has no Version")
    if value["Version"] > VERSION:
        raise LaterSecretError(value["Version"])
    try:
        keys = [_key(member) for member in value["Keys"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _malformed("has a key that is not as we write it") from None
    if not keys or len({key.id for key in keys}) != len(keys):
        raise _malformed("has no keys, or one twice")
    return keys


def _key(member: Mapping[str, Any]) -> DatedKey:
    until = member["VerifiesUntil"]
    if not _ID.fullmatch(member["KeyId"]) or not isinstance(member["Secret"], str):
        raise ValueError
    return DatedKey(
        id=member["KeyId"],
        secret=member["Secret"],
        created_at=_moment(member["CreatedAt"]),
        signs_from=_moment(member["SignsFrom"]),
        verifies_until=None if until is None else _moment(until),
    )


def _written(key: DatedKey) -> dict[str, str | None]:
    until = key.verifies_until
    return {
        "KeyId": key.id,
        "Secret": key.secret,
        "CreatedAt": instant(key.created_at),
        "SignsFrom": instant(key.signs_from),
        "VerifiesUntil": None if until is None else instant(until),
    }


def instant(moment: datetime) -> str:
    """Write it as AWS does, in UTC and to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _malformed(what: str) -> MalformedSecretError:
    return MalformedSecretError(
        f"the signing secret {what}: put back the version of it that was"
    )
