"""The one DynamoDB table, of principals and of logins, and what its faults are.

Every item says the version of its shape; ``docs/stored-data.md`` has them all.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
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


class _TooMuchAtOnceError(Exception):
    """A part of a batch was left out, as DynamoDB does where it is asked too often."""


def connect(session: boto3.session.Session) -> "DynamoDBClient":
    return session.client("dynamodb", config=aws.IMPATIENT)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one item, if it does.

    ``set`` are attributes and their new values, ``added`` numbers to add to attributes
    that are there. ``condition``, in parentheses where it has an OR, may refer to the
    values of both, and of ``compared``, by a colon and the name.
    """

    set: Item = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)
    removed: Collection[str] = ()
    condition: str
    compared: Item = field(default_factory=dict)

    @property
    def expression(self) -> str:
        """As an UpdateExpression, which writes the version too."""
        changed = [f"#{name} = :{name}" for name in (*self.set, *_VERSION_ATTRIBUTE)]
        changed += [f"#{name} = #{name} + :{name}" for name in self.added]
        removed = ", ".join(f"#{name}" for name in self.removed)
        return f"SET {', '.join(changed)}" + (removed and f" REMOVE {removed}")

    @property
    def names(self) -> Collection[str]:
        return (*self.set, *_VERSION_ATTRIBUTE, *self.added, *self.removed)

    @property
    def values(self) -> Item:
        added: Item = {name: {"N": str(value)} for name, value in self.added.items()}
        return {**self.set, **_VERSION_ATTRIBUTE, **added, **self.compared}


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

    def read_all(
        self,
        keys: Collection[str],
        parse: Callable[[Mapping[str, Mapping[str, Any]]], T],
    ) -> T:
        """Read several items as they are now; ``parse`` gets those there are, by key.

        What it raises is a fault as well.
        """
        with _faults("read"):
            answer = self._client.batch_get_item(
                RequestItems={
                    self._name: {
                        "Keys": [{"pk": {"S": key}} for key in keys],
                        "ConsistentRead": True,
                    }
                },
                ReturnConsumedCapacity="TOTAL",
            )
            _ = answer["ConsumedCapacity"]
            if answer["UnprocessedKeys"]:
                raise _TooMuchAtOnceError
            return parse(
                {
                    item["pk"]["S"]: _of_known_version(item)
                    for item in answer["Responses"][self._name]
                }
            )

    def add(self, item: Item) -> bool:
        """Write one item where there is none of its key. False where there is."""
        present = self._write(
            self._client.put_item,
            _as_it_is,
            Item={**item, **_VERSION_ATTRIBUTE},
            ConditionExpression="attribute_not_exists(pk)",
        )
        return present is None

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
        change = Change(
            set=changes,
            removed=removed,
            condition=condition,
            compared=compared or {},
        )
        return self.change_or_read(key, change, _as_it_is) is None

    def change_or_read(
        self, key: Item, change: Change, parse: Callable[[Mapping[str, Any]], T]
    ) -> T | None:
        """Change one item at once or, where the condition does not hold, read it.

        Returns None where it was changed, and else what ``parse`` makes of the item as
        it is, which is empty where there is none.
        """
        return self._write(
            self._client.update_item,
            parse,
            Key=key,
            UpdateExpression=change.expression,
            ConditionExpression=f"{change.condition} AND {_KNOWN_VERSION}",
            # By placeholders: DynamoDB reserves hundreds of names.
            ExpressionAttributeNames={f"#{name}": name for name in change.names},
            ExpressionAttributeValues={
                f":{name}": value for name, value in change.values.items()
            },
        )

    def remove(self, key: Item) -> bool:
        """Remove one item. False where there is none."""
        present = self._write(
            self._client.delete_item,
            _as_it_is,
            Key=key,
            ConditionExpression=f"attribute_exists(pk) AND {_KNOWN_VERSION}",
            ExpressionAttributeNames={"#version": "version"},
            ExpressionAttributeValues={":version": _VERSION_ATTRIBUTE["version"]},
        )
        return present is None

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

    def _write(
        self,
        write: Callable[..., Mapping[str, Any]],
        parse: Callable[[Mapping[str, Any]], T],
        **request: Any,  # noqa: ANN401 - the members of a write
    ) -> T | None:
        """Write, or give the item for which the condition did not hold."""
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
                return parse(_of_known_version(response.get("Item", {})))
            _ = answer["ConsumedCapacity"]
            return None


def _as_it_is(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return item


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
    except _TooMuchAtOnceError as error:
        _log.warning("The table of users is asked too often")
        raise UsersUnavailableError(retry_after_seconds=aws.SOON) from error
    except Exception as error:
        _log.exception("The table of users cannot be %s", done)
        raise UsersUnavailableError(
            retry_after_seconds=aws.retry_after(error)
        ) from error
