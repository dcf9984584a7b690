"""The one DynamoDB table, of principals and of logins, and what its faults are.

Every item says the version of its shape; ``docs/stored-data.md`` has them all.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, final

import boto3

from app.adapters import aws
from app.domain.errors import UsersUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item: TypeAlias = "Mapping[str, AttributeValueTypeDef]"

T = TypeVar("T")

VERSION: Final = 3
"""Of every item that is written. Those of version 1 do not say so."""

_VERSION_ATTRIBUTE: Final[Item] = {"version": {"N": str(VERSION)}}

_KNOWN_VERSION: Final = "(attribute_not_exists(#version) OR #version <= :version)"

_log = logging.getLogger(__name__)


class LaterVersionError(Exception):
    """An item is of a version that is not known here; it was left as it is."""

    def __init__(self, key: str, version: int) -> None:
        super().__init__(
            f"The item {key} was written by a later version of the broker (its format "
            f"is {version}, this one knows {VERSION}): update this one. Nothing was "
            "changed"
        )


def connect(session: boto3.session.Session) -> "DynamoDBClient":
    return session.client("dynamodb", config=aws.IMPATIENT)


@final
class Table:
    """Every fault is ``UsersUnavailableError``; after one a write may have been done.

    An item of a later version is such a fault, whose cause is ``LaterVersionError``: it
    is neither read nor changed.

    botocore makes an empty answer of a garbled one. A true answer says what it cost,
    which tells "nobody" and "done" from "nothing understood".
    """

    def __init__(self, client: "DynamoDBClient", *, name: str) -> None:
        self._client = client
        self._name = name

    def read(self, key: Item, parse: Callable[[Mapping[str, Any]], T]) -> T | None:
        """Read one item as it is now. What ``parse`` raises is a fault as well."""
        with _faults("read"):
            # Consistent: somebody disabled a moment ago is out at once.
            answer = self._client.get_item(
                TableName=self._name,
                Key=key,
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
            )
            _ = answer["ConsumedCapacity"]
            item = answer.get("Item")
            return None if item is None else parse(_of_known_version(item))

    def add(self, item: Item) -> bool:
        """Write one item where there is none of its key. False where there is."""
        return self._write(
            self._client.put_item,
            Item={**item, **_VERSION_ATTRIBUTE},
            ConditionExpression="attribute_not_exists(pk)",
        )

    def update(
        self,
        key: Item,
        changes: Item,
        *,
        removed: Collection[str] = (),
        condition: str,
        compared: "Item | None" = None,
    ) -> bool:
        """Change one item at once or, where ``condition`` does not hold, not at all.

        ``changes`` are attributes and their new values. The condition may refer to
        these, by a colon and the attribute's name, and to those of ``compared``.
        """
        changes = {**changes, **_VERSION_ATTRIBUTE}
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in changes)
        if removed:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
        return self._write(
            self._client.update_item,
            Key=key,
            UpdateExpression=expression,
            ConditionExpression=f"{condition} AND {_KNOWN_VERSION}",
            # By placeholders: DynamoDB reserves hundreds of names.
            ExpressionAttributeNames={
                f"#{name}": name for name in (*changes, *removed)
            },
            ExpressionAttributeValues={
                f":{name}": value
                for name, value in {**(compared or {}), **changes}.items()
            },
        )

    def remove(self, key: Item) -> bool:
        """Remove one item. False where there is none."""
        return self._write(
            self._client.delete_item,
            Key=key,
            ConditionExpression=f"attribute_exists(pk) AND {_KNOWN_VERSION}",
            ExpressionAttributeNames={"#version": "version"},
            ExpressionAttributeValues={":version": _VERSION_ATTRIBUTE["version"]},
        )

    def scan_page(
        self,
        prefix: str,
        attributes: Collection[str],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        after: "Item | None" = None,
    ) -> "tuple[list[T], Item | None]":
        """Read a part of the table: the items whose key begins with ``prefix``.

        Only the key and ``attributes`` of them are asked for. Gives also what the next
        part comes ``after``, or None where there is none. Only an operator may: the
        broker's role has no permission for it.
        """
        names = {f"#{name}": name for name in (*attributes, "pk", "version")}
        request: dict[str, Any] = {"ExclusiveStartKey": after} if after else {}
        with _faults("read"):
            page = self._client.scan(
                TableName=self._name,
                FilterExpression="begins_with(#pk, :prefix)",
                ProjectionExpression=", ".join(names),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={":prefix": {"S": prefix}},
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
                **request,
            )
            _ = page["ConsumedCapacity"]
            found = [parse(_of_known_version(item)) for item in page["Items"]]
            return found, page.get("LastEvaluatedKey")

    def _write(self, write: Callable[..., Mapping[str, Any]], **request: Any) -> bool:  # noqa: ANN401 - the members of a write
        """Write, and tell whether the condition of the request held."""
        with _faults("written"):
            try:
                answer = write(
                    TableName=self._name,
                    ReturnConsumedCapacity="TOTAL",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **request,
                )
            except self._client.exceptions.ConditionalCheckFailedException as failed:
                response: dict[str, Any] = dict(failed.response)
                # Where there is no such item, none is in the response.
                _of_known_version(response.get("Item", {}))
                return False
            _ = answer["ConsumedCapacity"]
            return True


def _of_known_version(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the item. Raises ``LaterVersionError``; a version that is none raises."""
    version = int(item["version"]["N"]) if "version" in item else 1
    if version > VERSION:
        raise LaterVersionError(item["pk"]["S"], version)
    return item


@contextmanager
def _faults(done: str) -> Iterator[None]:
    try:
        yield
    except LaterVersionError as error:
        _log.error("%s", error)
        raise UsersUnavailableError from error
    except Exception as error:
        _log.exception("The table of users cannot be %s", done)
        raise UsersUnavailableError(
            retry_after_seconds=aws.retry_after(error)
        ) from error
