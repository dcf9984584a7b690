"""``dynamodb:LeadingKeys``: the partition keys that a request is about.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, final

from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.iam import Context

Part: TypeAlias = Mapping[str, Any]

KEY: Final = "dynamodb:LeadingKeys"

_KEYED: Final = frozenset({"ConditionCheckItem", "DeleteItem", "GetItem", "UpdateItem"})
_COMPARED: Final = re.compile(r"([#A-Za-z0-9_.-]++)(?:\s*+=\s*+(:[A-Za-z0-9_]++))?+")
"""A run of letters, and what it has to equal, if anything.

Whatever equals nothing is taken as well: sought again from each of its letters, one
long name would take the square of its length.
"""


@final
class LeadingKeys:
    """Knows the partition key of each table and index.

    A request whose own partition key cannot be found is refused: were the condition
    key left out of it, ``ForAllValues`` would hold.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[str, str | None], str] = {}

    def learn(self, table: str, settings: Part) -> None:
        """Take the names from what makes the table."""
        self._names[table, None] = _partition_key(settings)
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            for index in settings.get(kind, ()):
                self._names[table, index["IndexName"]] = _partition_key(index)

    def of(self, action: str, table: str, part: Part) -> Context:
        """Give the condition key for one operation on one table or index."""
        name = self._names.get((table, part.get("IndexName")))
        if name is None:
            return {}  # there is no such table, and so nothing to be had
        return _context(_values(action, part, name))

    def of_batch(self, table: str, requests: object) -> Context:
        """Give it for a table's share of a batch of reads or writes."""
        name = self._names.get((table, None))
        if name is None:
            return {}
        return _context(_value(item, name) for item in _batched(requests))


def _partition_key(settings: Part) -> str:
    (name,) = (
        str(key["AttributeName"])
        for key in settings["KeySchema"]
        if key["KeyType"] == "HASH"
    )
    return name


def _context(values: Iterator[str]) -> Context:
    found = tuple(values)
    return {KEY: found} if found else {}


def _values(action: str, part: Part, name: str) -> Iterator[str]:
    if action in _KEYED:
        yield _value(part.get("Key"), name)
    elif action == "PutItem":
        yield _value(part.get("Item"), name)
    elif action == "Query":
        yield _text(_queried(part, name))


def _value(item: object, name: str) -> str:
    return _text(item.get(name) if isinstance(item, dict) else None)


def _text(value: object) -> str:
    """Read an attribute value as conditions compare it."""
    if isinstance(value, dict) and len(value) == 1:
        ((kind, text),) = value.items()
        if kind in {"S", "N", "B"} and isinstance(text, str) and text:
            return text
    raise _keyless()


def _queried(part: Part, name: str) -> object:
    """Find what the partition key has to equal, in the old form or the new."""
    expression = part.get("KeyConditionExpression")
    if not isinstance(expression, str):
        condition = part.get("KeyConditions", {}).get(name, {})
        values = condition.get("AttributeValueList", ())
        equals = condition.get("ComparisonOperator") == "EQ" and len(values) == 1
        return values[0] if equals else None
    names = part.get("ExpressionAttributeNames", {})
    found = [
        placeholder
        for run, placeholder in _COMPARED.findall(expression)
        if placeholder and names.get(written := _name_in(run), written) == name
    ]
    values = part.get("ExpressionAttributeValues", {})
    return values.get(found[0]) if len(found) == 1 else None


def _name_in(run: str) -> str:
    """Return the name at the end of a run: a number sign or a letter begins it."""
    _, sign, rest = run.rpartition("#")
    return sign + rest if sign else run.lstrip("0123456789.-")


def _batched(requests: object) -> Iterator[object]:
    if isinstance(requests, dict):
        yield from requests.get("Keys", ())
        return
    for request in requests if isinstance(requests, list) else ():
        for kind, holds in (("PutRequest", "Item"), ("DeleteRequest", "Key")):
            if kind in request:
                yield request[kind].get(holds)


def _keyless() -> AwsError:
    text = "One of the required keys was not given a value"
    return AwsError("ValidationException", text)
