"""Logins in the table, each an item beside the principals."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, final

from app.adapters.table import Table
from app.domain.identity import Identity
from app.domain.logins import Login

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


@final
class LoginTable:
    """Satisfies ``logins.LoginStore``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, login: Login) -> None:
        # Nothing can be there but this very login, where its answer was lost.
        self._table.add(
            {
                **_key(login.id),
                "issuer": {"S": login.identity.issuer},
                "subject": {"S": login.identity.subject},
                "credentials_version": {"S": login.credentials_version},
                "token_sha256": {"S": login.current_digest},
                "created_at": _instant(login.created_at),
                "rotated_at": _instant(login.rotated_at),
                "ends_at": _instant(login.ends_at),
                "expires": _seconds(login.expires_at),
            }
        )

    def read(self, login_id: str) -> Login | None:
        return self._table.read(_key(login_id), lambda item: _login(login_id, item))

    def rotate(self, login: Login) -> bool:
        return self._table.update(
            _key(login.id),
            {
                "token_sha256": {"S": login.current_digest},
                "previous_sha256": {"S": login.previous_digest or ""},
                "rotated_at": _instant(login.rotated_at),
                "expires": _seconds(login.expires_at),
            },
            condition="token_sha256 = :previous_sha256 "
            "AND attribute_not_exists(ended_at)",
        )

    def end(self, login_id: str, at: datetime) -> None:
        # What is gone stays gone: an update without the condition would make an item.
        self._table.update(
            _key(login_id),
            {"ended_at": _instant(at)},
            condition="attribute_exists(pk)",
        )


def _key(login_id: str) -> "dict[str, AttributeValueTypeDef]":
    return {"pk": {"S": f"login#{login_id}"}}


def _login(login_id: str, item: Mapping[str, Any]) -> Login:
    """Read an item. What is not as we wrote it raises, and lets nobody in."""
    previous, ended = item.get("previous_sha256"), item.get("ended_at")
    return Login(
        id=login_id,
        identity=Identity(issuer=item["issuer"]["S"], subject=item["subject"]["S"]),
        credentials_version=item["credentials_version"]["S"],
        current_digest=item["token_sha256"]["S"],
        previous_digest=None if previous is None else previous["S"],
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        rotated_at=datetime.fromisoformat(item["rotated_at"]["S"]),
        expires_at=datetime.fromtimestamp(int(item["expires"]["N"]), UTC),
        ends_at=datetime.fromisoformat(item["ends_at"]["S"]),
        ended_at=None if ended is None else datetime.fromisoformat(ended["S"]),
    )


def _instant(moment: datetime) -> "AttributeValueTypeDef":
    return {"S": moment.isoformat(timespec="milliseconds")}


def _seconds(moment: datetime) -> "AttributeValueTypeDef":
    """Since 1970, as DynamoDB's time to live reads them."""
    return {"N": str(int(moment.timestamp()))}
