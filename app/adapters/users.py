"""The broker's own users, read from the table at every request."""

import logging
from typing import TYPE_CHECKING, final

import boto3

from app.adapters import aws
from app.adapters.passwords import Passwords
from app.adapters.principals import Principal, key_of
from app.domain.errors import UsersUnavailableError
from app.domain.identity import LOCAL, Identity, User, canonical_username

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_log = logging.getLogger(__name__)


def connect(session: boto3.session.Session) -> "DynamoDBClient":
    return session.client("dynamodb", config=aws.IMPATIENT)


@final
class UserTable:
    def __init__(
        self, client: "DynamoDBClient", *, table: str, passwords: Passwords
    ) -> None:
        self._client = client
        self._table = table
        self._passwords = passwords

    def authenticate(self, username: str, password: str) -> User | None:
        """Return the user whose password this is, if they may come in.

        Unknown, wrong, disabled and corrupt cost and answer the same. Raises
        ``UsersUnavailableError``, never None, where the table did not answer.
        """
        principal = self._principal_called(username)
        stored = principal.password_hash if principal else None
        matches = self._passwords.verify(password, stored)
        if principal is None or principal.disabled or not matches:
            return None
        return principal.user

    def find(self, identity: Identity) -> User | None:
        """Return the user as they are now; None when unknown or disabled."""
        principal = self._read(identity)
        return None if principal is None or principal.disabled else principal.user

    def _principal_called(self, username: str) -> Principal | None:
        try:
            name = canonical_username(username)
        except ValueError:
            return None
        return self._read(Identity(issuer=LOCAL, subject=name))

    def _read(self, identity: Identity) -> Principal | None:
        try:
            # Consistent: somebody disabled a moment ago is out at once.
            answer = self._client.get_item(
                TableName=self._table,
                Key=key_of(identity),
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
            )
            # botocore makes an empty answer of a garbled one. A true answer says
            # what it cost, so this tells "nobody" from "nothing understood".
            _ = answer["ConsumedCapacity"]
            item = answer.get("Item")
            return None if item is None else Principal.of(identity, item)
        except Exception as error:
            _log.exception("The table of users cannot be read")
            raise UsersUnavailableError(
                retry_after_seconds=aws.retry_after(error)
            ) from error
