"""DynamoDB: which actions on which tables a request comes down to.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, final

from aikagi_emulator.aws import attribute_names
from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.aws.json_protocol import Body, Need, Plan, text_member
from aikagi_emulator.aws.leading_keys import LeadingKeys
from aikagi_emulator.aws.moto_store import MotoStore
from aikagi_emulator.aws.snapshot import Snapshot, TableSnapshot
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.iam import Context
from aikagi_emulator.template import Resource, Stack, TemplateError

_ON_A_TABLE: Final = frozenset(
    {
        "DeleteItem",
        "DescribeTable",
        "DescribeTimeToLive",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
    }
)
_BATCHES: Final = frozenset({"BatchGetItem", "BatchWriteItem"})
_TRANSACTIONS: Final = {
    "TransactGetItems": {"Get": "GetItem"},
    "TransactWriteItems": {
        "ConditionCheck": "ConditionCheckItem",
        "Delete": "DeleteItem",
        "Put": "PutItem",
        "Update": "UpdateItem",
    },
}
_MOST_ITEMS: Final = 100
"""What a batch or a transaction may name: each is compared with every policy.

The 25 of a BatchWriteItem are left to the store.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
"""
_TABLE_SETTINGS: Final = frozenset(
    {
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
        "ProvisionedThroughput",
    }
)
"""What of a table shows when it is described here. Encryption and backups do not."""


@final
class DynamoDb:
    """The template's tables. Satisfies ``json_protocol.Operations``.

    Raises ``TemplateError`` for a table that cannot be made.
    """

    name = "dynamodb"
    target = "DynamoDB_20120810"
    content_type = "application/x-amz-json-1.0"

    def __init__(
        self, stack: Stack, *, store: MotoStore, snapshot: Snapshot | None = None
    ) -> None:
        self._prefix = f"arn:aws:dynamodb:{stack.region}:{stack.account}:table/"
        self._store = store
        self._leading_keys = LeadingKeys()
        self._keys: dict[str, object] = {}
        for table in stack.of_type("AWS::DynamoDB::Table"):
            settings = {
                key: value
                for key, value in table.properties.items()
                if key in _TABLE_SETTINGS
            }
            if not any(kind == "HASH" for _, kind, _ in _key_of(settings)):
                msg = f"{table.logical_id}: its KeySchema has no HASH key"
                raise TemplateError(msg)
            self._create({"TableName": table.ref, **settings}, table.logical_id)
            self._set_time_to_live(table)
            self._keys[table.ref] = _key_of(settings)
            self._fill(table.ref, (snapshot or Snapshot()).tables)
            self._leading_keys.learn(table.ref, settings)

    def plan(self, action: str, body: Body) -> Plan:
        if action == "ListTables":
            return Plan(
                needs=[Need(action="dynamodb:ListTables", resource="*")], body=body
            )
        if action in _ON_A_TABLE:
            return self._on_a_table(action, body)
        if action in _BATCHES:
            return self._batch(action, body)
        if action in _TRANSACTIONS:
            return self._transaction(action, body)
        raise not_modelled(f"dynamodb:{action}")

    def carry_out(self, action: str, body: Body) -> Answer:
        return self._store.call(self.name, f"{self.target}.{action}", body)

    def _on_a_table(self, action: str, body: Body) -> Plan:
        table = self._table(text_member(body, "TableName"))
        resource = self._prefix + table
        if body.get("IndexName") is not None:
            resource += f"/index/{text_member(body, 'IndexName')}"
        need = Need(
            action=f"dynamodb:{action}",
            resource=resource,
            context=self._context(action, table, body),
        )
        return Plan(needs=[need], body={**body, "TableName": table})

    def _batch(self, action: str, body: Body) -> Plan:
        requests = body.get("RequestItems")
        if not isinstance(requests, dict):
            raise _invalid("RequestItems must be a map")
        if sum(map(_items_in, requests.values())) > _MOST_ITEMS:
            raise _invalid(f"Too many items requested for the {action} call")
        by_table = {self._table(name): request for name, request in requests.items()}
        if len(by_table) != len(requests):
            raise _invalid("RequestItems names a table twice")
        needs = [
            Need(
                action=f"dynamodb:{action}",
                resource=self._prefix + table,
                context={
                    **self._leading_keys.of_batch(table, share),
                    **attribute_names.context_of(_requests_in(share)),
                },
            )
            for table, share in by_table.items()
        ]
        return Plan(needs=needs, body={**body, "RequestItems": by_table})

    def _transaction(self, action: str, body: Body) -> Plan:
        items = body.get("TransactItems")
        if not isinstance(items, list):
            raise _invalid("TransactItems must be a list")
        if len(items) > _MOST_ITEMS:
            text = (
                "1 validation error detected: Value at 'transactItems' failed to "
                "satisfy constraint: Member must have length less than or equal to "
                f"{_MOST_ITEMS}"
            )
            raise _invalid(text)
        parts = list(self._parts(action, items))
        needs = [
            self._part_need(_TRANSACTIONS[action][kind], part) for kind, part in parts
        ]
        items = [{kind: part} for kind, part in parts]
        return Plan(needs=needs, body={**body, "TransactItems": items})

    def _part_need(self, action: str, part: Body) -> Need:
        table = part["TableName"]
        return Need(
            action=f"dynamodb:{action}",
            resource=self._prefix + table,
            context=self._context(action, table, part),
        )

    def _context(self, action: str, table: str, part: Body) -> Context:
        return {
            **self._leading_keys.of(action, table, part),
            **attribute_names.context_of([part]),
        }

    def _parts(
        self, action: str, items: list[Any]
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for item in items:
            if not isinstance(item, dict) or len(item) != 1:
                text = "TransactItems can only contain one of its operations each"
                raise _invalid(text)
            ((kind, part),) = item.items()
            if kind not in _TRANSACTIONS[action] or not isinstance(part, dict):
                text = f"{kind} is not an operation of {action}"
                raise _invalid(text)
            table = self._table(text_member(part, "TableName"))
            yield kind, {**part, "TableName": table}

    def _table(self, name: str) -> str:
        """A table's name, which may have been given as its ARN.

        A name is not checked further: IAM compares it whole, and the store has only
        the template's tables.
        """
        name = name.removeprefix(self._prefix)
        if ":" in name or "/" in name:
            text = "Requested resource not found"
            raise AwsError("ResourceNotFoundException", text)
        return name

    def snapshot(self) -> Mapping[str, TableSnapshot]:
        """All items of all tables."""
        return {
            name: TableSnapshot(key=key, items=list(self._items(name)))
            for name, key in self._keys.items()
        }

    def _items(self, table: str) -> Iterator[Mapping[str, Any]]:
        more: Mapping[str, Any] = {}
        while True:
            answer = self.carry_out("Scan", {"TableName": table, **more})
            page = json.loads(answer.body)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _fill(self, name: str, tables: Mapping[str, TableSnapshot]) -> None:
        """Put back what a table of the same name and key held."""
        earlier = tables.get(name)
        if earlier is not None and earlier.key == self._keys[name]:
            for item in earlier.items:
                self.carry_out("PutItem", {"TableName": name, "Item": item})

    def _set_time_to_live(self, table: Resource) -> None:
        """Have it described. Nothing goes by it here, as on AWS for a day or two."""
        wanted = table.properties.get("TimeToLiveSpecification", {})
        if wanted.get("Enabled") in (True, "true"):
            self._carry_out_for(
                "UpdateTimeToLive",
                {
                    "TableName": table.ref,
                    "TimeToLiveSpecification": {**wanted, "Enabled": True},
                },
                table.logical_id,
            )

    def _create(self, settings: Body, logical_id: str) -> None:
        self._carry_out_for("CreateTable", settings, logical_id)

    def _carry_out_for(self, action: str, settings: Body, logical_id: str) -> None:
        answer = self.carry_out(action, settings)
        if answer.status != 200:  # noqa: PLR2004 - the only success there is
            text = f"{logical_id} cannot be made: {answer.body.decode()}"
            raise TemplateError(text)


def _items_in(share: object) -> int:
    """Count a table's share of a batch: of reads, or of writes."""
    if isinstance(share, dict):
        share = share.get("Keys")
    return len(share) if isinstance(share, list) else 0


def _requests_in(share: object) -> Iterator[Mapping[str, Any]]:
    """Give a table's share of a batch as the requests that it stands for."""
    if isinstance(share, dict):
        yield share
        yield from ({"Key": key} for key in share.get("Keys", ()))
        return
    for request in share if isinstance(share, list) else ():
        if isinstance(request, dict):
            yield from (part for part in request.values() if isinstance(part, dict))


def _invalid(text: str) -> AwsError:
    return AwsError("ValidationException", text)


def _key_of(settings: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    """What tells the items of a table apart: names and types of its key."""
    types = {
        attribute["AttributeName"]: attribute["AttributeType"]
        for attribute in settings.get("AttributeDefinitions", [])
    }
    return [
        (part["AttributeName"], part["KeyType"], types.get(part["AttributeName"]))
        for part in settings.get("KeySchema", [])
    ]
