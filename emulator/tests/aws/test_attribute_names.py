"""A role that may name some attributes only: ``dynamodb:Attributes``, by a real SDK."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.aws.small_stack import (
    BROKER,
    LAMBDA,
    TABLE,
    Client,
    Clock,
    allow,
    resource,
    role,
    stack_of,
)

KEY = {"pk": {"S": "a"}}
ACTIONS = [
    f"dynamodb:{name}"
    for name in (
        *("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem"),
        *("Query", "Scan", "UpdateItem"),
    )
]


@pytest.fixture
def table(
    connect_to: Callable[..., tuple[Callable[..., Client], Any]], clock: Clock
) -> Client:
    """The table as a role may use it that has to name attributes, and these alone."""
    only_mine: dict[str, dict[str, object]] = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "mine", "also"]},
        "Null": {"dynamodb:Attributes": "false"},
    }
    stack = stack_of(
        role("broker", trust=[LAMBDA], may=[allow(ACTIONS, [TABLE], **only_mine)]),
        resource(
            "Users",
            "AWS::DynamoDB::Table",
            {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            },
            ref="users",
            Arn=TABLE,
        ),
    )
    connect, aws = connect_to(stack, clock)
    return connect("dynamodb", aws.function_session(BROKER, "broker"))


def update(expression: str, **more: Any) -> dict[str, Any]:
    return {"TableName": "users", "Key": KEY, "UpdateExpression": expression, **more}


VALUE = {"ExpressionAttributeValues": {":v": {"S": "yours"}}}
OLD_UPDATE = {"Value": {"S": "x"}, "Action": "PUT"}


@pytest.mark.parametrize(
    ("operation", "mine", "yours"),
    [
        pytest.param(
            "update_item",
            update("SET mine = :v", **VALUE),
            update("SET yours = :v", **VALUE),
            id="set",
        ),
        pytest.param(
            "update_item",
            update("SET mine = :v REMOVE also", **VALUE),
            update("SET mine = :v REMOVE yours", **VALUE),
            id="remove",
        ),
        pytest.param(
            "update_item",
            update("SET #a = :v", ExpressionAttributeNames={"#a": "mine"}, **VALUE),
            update("SET #a = :v", ExpressionAttributeNames={"#a": "yours"}, **VALUE),
            id="by another name",
        ),
        pytest.param(
            "update_item",
            update("SET mine = if_not_exists(also, :v)", **VALUE),
            update("SET mine = if_not_exists(yours, :v)", **VALUE),
            id="what is only read",
        ),
        pytest.param(
            "update_item",
            update(
                "SET mine = :v",
                ConditionExpression="attribute_not_exists(also) AND NOT mine IN (:v)",
                **VALUE,
            ),
            update(
                "SET mine = :v",
                ConditionExpression="attribute_not_exists(yours)",
                **VALUE,
            ),
            id="a condition",
        ),
        pytest.param(
            "update_item",
            {
                "TableName": "users",
                "Key": KEY,
                "AttributeUpdates": {"mine": OLD_UPDATE},
            },
            {
                "TableName": "users",
                "Key": KEY,
                "AttributeUpdates": {"mine": OLD_UPDATE, "yours": OLD_UPDATE},
            },
            id="update in the old form",
        ),
        pytest.param(
            "put_item",
            {"TableName": "users", "Item": {**KEY, "mine": {"S": "yours"}}},
            {"TableName": "users", "Item": {**KEY, "yours": {"S": "mine"}}},
            id="put",
        ),
        pytest.param(
            "get_item",
            {"TableName": "users", "Key": KEY, "ProjectionExpression": "mine,also"},
            {"TableName": "users", "Key": KEY, "ProjectionExpression": "mine,yours"},
            id="get",
        ),
        pytest.param(
            "scan",
            {"TableName": "users", "AttributesToGet": ["mine"]},
            {"TableName": "users", "AttributesToGet": ["mine", "yours"]},
            id="scan in the old form",
        ),
        pytest.param(
            "batch_write_item",
            {"RequestItems": {"users": [{"DeleteRequest": {"Key": KEY}}]}},
            {
                "RequestItems": {
                    "users": [{"PutRequest": {"Item": {**KEY, "yours": {"S": "x"}}}}]
                }
            },
            id="a batch of writes",
        ),
        pytest.param(
            "batch_get_item",
            {"RequestItems": {"users": {"Keys": [KEY], "ProjectionExpression": "pk"}}},
            {"RequestItems": {"users": {"Keys": [KEY], "ProjectionExpression": "x"}}},
            id="a batch of reads",
        ),
    ],
)
def test_my_attributes_pass_and_yours_do_not(
    table: Client, operation: str, mine: dict[str, Any], yours: dict[str, Any]
):
    getattr(table, operation)(**mine)

    with pytest.raises(ClientError) as caught:
        getattr(table, operation)(**yours)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_who_asks_for_a_whole_table_names_no_attribute(table: Client):
    with pytest.raises(ClientError) as caught:
        table.scan(TableName="users")

    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
