"""The one DynamoDB table, of principals and of logins, and what its faults are."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, final

import boto3

from app.adapters import aws
from app.domain.errors import UsersUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item: TypeAlias = "Mapping[str, AttributeValueTypeDef]"

T = TypeVar("T")

_log = logging.getLogger(__name__)


def connect(session: boto3.session.Session) -> "DynamoDBClient":
    return session.client("dynamodb", config=aws.IMPATIENT)


@final
class Table:
    """Every fault is ``UsersUnavailableError``; after one a write may have been done.

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
            return None if item is None else parse(item)

    def put(self, item: Item) -> None:
        """Write one item, whatever was there."""
        with _faults("written"):
            answer = self._client.put_item(
                TableName=self._name, Item=item, ReturnConsumedCapacity="TOTAL"
            )
            _ = answer["ConsumedCapacity"]

    def add(self, item: Item) -> bool:
        """Write one item where there is none of its key. False where there is."""
        with _faults("written"):
            try:
                answer = self._client.put_item(
                    TableName=self._name,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnConsumedCapacity="TOTAL",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
            _ = answer["ConsumedCapacity"]
            return True

    def update(
        self, key: Item, expression: str, values: Item, *, condition: str
    ) -> bool:
        """Change one item at once or, where ``condition`` does not hold, not at all."""
        # Absent where there are none: DynamoDB refuses an empty map.
        given = {"ExpressionAttributeValues": values} if values else {}
        with _faults("written"):
            try:
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=key,
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ReturnConsumedCapacity="TOTAL",
                    **given,  # type: ignore[arg-type] # mypy takes it for every argument
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
            _ = answer["ConsumedCapacity"]
            return True

    def scan(
        self, condition: str, values: Item, parse: Callable[[Mapping[str, Any]], T]
    ) -> Iterator[T]:
        """Read the whole table, and give the items for which ``condition`` holds.

        Only an operator may: the broker's role has no permission for it.
        """
        with _faults("read"):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._name,
                FilterExpression=condition,
                ExpressionAttributeValues=values,
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
            )
            for page in pages:
                _ = page["ConsumedCapacity"]
                yield from map(parse, page["Items"])


@contextmanager
def _faults(done: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        _log.exception("The table of users cannot be %s", done)
        raise UsersUnavailableError(
            retry_after_seconds=aws.retry_after(error)
        ) from error
