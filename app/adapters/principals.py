"""One record for each principal in the table, and nothing of DynamoDB beyond here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from app.domain.identity import Identity, User, is_attribute

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

PASSWORD_HASH: Final = "password_hash"  # noqa: S105 - the name of an attribute
ONE_TIME_PASSWORD_HASH: Final = "one_time_password_hash"  # noqa: S105 - likewise


REVOCATIONS: Final = "revocations"
"""The key of the one item that concerns everybody."""


def principal_key(identity: Identity) -> str:
    """Give the table's key; an alias holds no ``#``, so two never share one."""
    return f"principal#{identity.issuer}#{identity.subject}"


def key_of(identity: Identity) -> dict[str, "AttributeValueTypeDef"]:
    """Give the same as DynamoDB wants it."""
    return {"pk": {"S": principal_key(identity)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    """What no longer counts of anybody, or of single grants.

    Tokens, logins and sessions from before ``valid_from`` (epoch seconds) are over, and
    so are the sessions of ``grants``. It was so at ``read_at`` or later. A field of a
    wrong type raises: without it they would live on.
    """

    valid_from: int = 0
    grants: frozenset[str] = frozenset()
    read_at: datetime | None = None

    @classmethod
    def of(
        cls, item: Mapping[str, Any], read_at: datetime | None = None
    ) -> "Revocations":
        return cls(
            valid_from=int(item.get("valid_from", {"N": "0"})["N"]),
            grants=frozenset(item.get("grants", {"SS": []})["SS"]),
            read_at=read_at,
        )


NOTHING_REVOKED: Final = Revocations()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """What the table says of somebody, and of everybody's revocations.

    Fields of a wrong type count as absent.

    But for the version of their credentials and for ``valid_from``, which raise:
    without them logins and tokens would live that are over.

    A one-time password has an attribute of its own, beside which any other password is
    none: what knows nothing of it finds no password, and lets nobody in.
    """

    user: User
    password_hash: str | None = field(repr=False)
    has_one_time_password: bool
    disabled: bool

    @classmethod
    def of(
        cls,
        identity: Identity,
        item: Mapping[str, Any],
        revocations: Revocations = NOTHING_REVOKED,
    ) -> "Principal":
        has_one_time_password = ONE_TIME_PASSWORD_HASH in item
        attribute = ONE_TIME_PASSWORD_HASH if has_one_time_password else PASSWORD_HASH
        password_hash = item.get(attribute, {}).get("S")
        groups = item.get("groups", {}).get("SS", [])
        # Only an absent or a plainly false mark lets somebody in.
        disabled = item.get("disabled", {"BOOL": False}).get("BOOL") is not False
        return cls(
            user=User(
                identity=identity,
                groups=frozenset(groups),
                credentials_version=item.get("credentials_version", {"S": ""})["S"],
                attributes=_attributes(item),
                valid_from=max(
                    int(item.get("valid_from", {"N": "0"})["N"]), revocations.valid_from
                ),
                revoked_grants=revocations.grants,
                read_at=revocations.read_at,
            ),
            password_hash=password_hash if isinstance(password_hash, str) else None,
            has_one_time_password=has_one_time_password,
            disabled=disabled,
        )


def _attributes(item: Mapping[str, Any]) -> Mapping[str, str]:
    found = item.get("attributes", {}).get("M", {})
    values = {name: found[name].get("S") for name in sorted(found)}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, str) and is_attribute(name, value)
    }
