"""The users table in a DynamoDB that works: the emulator's store behind the script."""

import json
from collections.abc import Mapping
from typing import Any, Final, final

from aikagi_emulator.aws.moto_store import MotoStore
from tests.scripted_aws import Answer, Request

NAME: Final = "users"

Item = dict[str, dict[str, Any]]


@final
class WorkingTable:
    """Conditions, updates and scans are DynamoDB's own; permissions are not asked."""

    def __init__(self) -> None:
        # An account of its own: stores of one account and Region share their data.
        self._store = MotoStore(account="222222222222", region="eu-west-1")
        self._do(
            "CreateTable",
            {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            },
        )

    def answer(self, request: Request) -> Answer:
        """Do what an SDK asks for."""
        return self._call(request.target, json.loads(request.body))

    def put(self, item: Item) -> None:
        self._do("PutItem", {"Item": item})

    def clear(self) -> None:
        for item in self.items():
            self._do("DeleteItem", {"Key": {"pk": item["pk"]}})

    def item(self, key: str) -> Item:
        found: Item = self._do("GetItem", {"Key": {"pk": {"S": key}}})["Item"]
        return found

    def items(self) -> list[Item]:
        found: list[Item] = self._do("Scan", {})["Items"]
        return sorted(found, key=lambda item: str(item["pk"]))

    def _do(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._call(action, {"TableName": NAME, **body})
        assert answer.status == 200, answer.body
        answered: dict[str, Any] = json.loads(answer.body)
        return answered

    def _call(self, action: str, body: Mapping[str, Any]) -> Answer:
        answered = self._store.call("dynamodb", f"DynamoDB_20120810.{action}", body)
        return Answer(
            status=answered.status,
            body=answered.body,
            headers={"Content-Type": answered.content_type, **dict(answered.headers)},
        )
