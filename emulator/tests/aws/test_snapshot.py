"""What a stack held is there in the stack that follows it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from aikagi_emulator.aws.dynamodb import DynamoDb
from aikagi_emulator.aws.moto_store import MotoStore
from aikagi_emulator.aws.secrets_manager import SecretsManager
from aikagi_emulator.aws.snapshot import Snapshot
from aikagi_emulator.template import Stack
from emulator.tests.aws.small_stack import (
    ACCOUNT,
    REGION,
    SECRET,
    default_resources,
    stack_of,
)

ITEMS = [{"pk": {"S": f"user#{number:04}"}, "n": {"B": "AAH/"}} for number in range(30)]


def changed(logical_id: str, **properties: object) -> Stack:
    return stack_of(
        *(
            replace(resource, properties={**resource.properties, **properties})
            if resource.logical_id == logical_id
            else resource
            for resource in default_resources()
        )
    )


def store() -> MotoStore:
    return MotoStore(account=ACCOUNT, region=REGION)


def items_of(tables: DynamoDb) -> list[Any]:
    page = json.loads(tables.carry_out("Scan", {"TableName": "users"}).body)
    return sorted(page["Items"], key=lambda item: str(item["pk"]["S"]))


@pytest.fixture
def held() -> Snapshot:
    kept = store()
    tables = DynamoDb(stack_of(*default_resources()), store=kept)
    secrets = SecretsManager(stack_of(*default_resources()), store=kept)
    for item in ITEMS:
        tables.carry_out("PutItem", {"TableName": "users", "Item": item})
    secrets.carry_out("PutSecretValue", {"SecretId": SECRET, "SecretString": "mine"})
    return Snapshot(tables=tables.snapshot(), secrets=secrets.snapshot())


@pytest.mark.parametrize(
    "stack",
    [
        stack_of(*default_resources()),
        changed("Users", BillingMode="PAY_PER_REQUEST", SSESpecification={}),
    ],
)
def test_items_outlive_a_stack_whose_table_has_the_same_key(
    held: Snapshot, stack: Stack
):
    again = DynamoDb(stack, store=store(), snapshot=held)

    assert items_of(again) == ITEMS
    assert items_of(DynamoDb(stack, store=store())) == []


def test_a_table_with_another_key_is_another_table(held: Snapshot):
    stack = changed(
        "Users", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}]
    )

    assert items_of(DynamoDb(stack, store=store(), snapshot=held)) == []


@pytest.mark.parametrize(
    ("properties", "text"), [({}, "mine"), ({"SecretString": "theirs"}, "theirs")]
)
def test_a_secret_outlives_a_stack_unless_the_template_says_what_it_is(
    held: Snapshot, properties: dict[str, str], text: str
):
    again = SecretsManager(
        changed("Signing", **properties), store=store(), snapshot=held
    )

    assert again.snapshot() == {SECRET: text}
    new = SecretsManager(stack_of(*default_resources()), store=store()).snapshot()
    assert new[SECRET] not in {"mine", "theirs"}
    assert "mine" not in repr(held)
