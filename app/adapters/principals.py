"""One record for each principal in the table, and nothing of DynamoDB beyond here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.domain.identity import Identity, User

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def key_of(identity: Identity) -> dict[str, "AttributeValueTypeDef"]:
    """Give the table's key; an alias holds no ``#``, so two never share one."""
    return {"pk": {"S": f"principal#{identity.issuer}#{identity.subject}"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """What the table says of somebody. Fields of a wrong type count as absent.

    But for the version of their credentials and for ``valid_from``, which raise:
    without them logins and tokens would live that are over. Tokens of another issuer
    that were issued before ``valid_from`` (epoch seconds) count no more.
    """

    user: User
    password_hash: str | None = field(repr=False)
    disabled: bool
    valid_from: int

    @classmethod
    def of(cls, identity: Identity, item: Mapping[str, Any]) -> "Principal":
        password_hash = item.get("password_hash", {}).get("S")
        groups = item.get("groups", {}).get("SS", [])
        # Only an absent or a plainly false mark lets somebody in.
        disabled = item.get("disabled", {"BOOL": False}).get("BOOL") is not False
        return cls(
            user=User(
                identity=identity,
                groups=frozenset(groups),
                credentials_version=item.get("credentials_version", {"S": ""})["S"],
            ),
            password_hash=password_hash if isinstance(password_hash, str) else None,
            disabled=disabled,
            valid_from=int(item.get("valid_from", {"N": "0"})["N"]),
        )
