"""A role that may touch some items only: ``dynamodb:LeadingKeys``, by a real SDK."""

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

MINE = {"pk": {"S": "mine#1"}}
ALSO_MINE = {"pk": {"S": "mine#2"}}
YOURS = {"pk": {"S": "yours#1"}}
LOOKALIKE = {"pk": {"S": "x-mine#1"}}

INDEXED = {
    "IndexName": "by-owner",
    "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}

ACTIONS = [
    f"dynamodb:{name}"
    for name in (
        *("BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem"),
        *("GetItem", "PutItem", "Query", "Scan", "UpdateItem"),
    )
]


@pytest.fixture
def table(
    connect_to: Callable[..., tuple[Callable[..., Client], Any]], clock: Clock
) -> Client:
    """The table as a role may use it that has all actions, on its own items."""
    only_mine: dict[str, dict[str, object]] = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["mine#*"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    stack = stack_of(
        role(
            "broker",
            trust=[LAMBDA],
            may=[allow(ACTIONS, [TABLE, f"{TABLE}/index/by-owner"], **only_mine)],
        ),
        resource(
            "Users",
            "AWS::DynamoDB::Table",
            {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "owner", "AttributeType": "S"},
                ],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "GlobalSecondaryIndexes": [INDEXED],
            },
            ref="users",
            Arn=TABLE,
        ),
    )
    connect, aws = connect_to(stack, clock)
    return connect("dynamodb", aws.function_session(BROKER, "broker"))


def on(key: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"TableName": "users", "Key": key, **more}


def query(expression: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "TableName": "users",
        "KeyConditionExpression": expression,
        "ExpressionAttributeValues": {":v": {"S": value}},
        **more,
    }


def check(key: dict[str, Any]) -> dict[str, Any]:
    condition = {"ConditionExpression": "attribute_not_exists(pk)"}
    return {"ConditionCheck": on(key, **condition)}


SET = {
    "UpdateExpression": "SET a = :a",
    "ExpressionAttributeValues": {":a": {"S": "1"}},
}
OLD_QUERY = {
    "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "mine#1"}]}
}
PUT = {"TableName": "users", "Item": MINE}


@pytest.mark.parametrize(
    ("operation", "mine", "yours"),
    [
        pytest.param("get_item", on(MINE), on(YOURS), id="get"),
        pytest.param("get_item", on(MINE), on(LOOKALIKE), id="what only ends so"),
        pytest.param("delete_item", on(MINE), on(YOURS), id="delete"),
        pytest.param("update_item", on(MINE, **SET), on(YOURS, **SET), id="update"),
        pytest.param(
            "put_item", PUT, {**PUT, "Item": {**YOURS, "a": {"S": "mine#1"}}}, id="put"
        ),
        pytest.param(
            "query", query("pk = :v", "mine#1"), query("pk = :v", "yours#1"), id="query"
        ),
        pytest.param(
            "query",
            query("#k = :v", "mine#1", ExpressionAttributeNames={"#k": "pk"}),
            query("#k = :v", "yours#1", ExpressionAttributeNames={"#k": "pk"}),
            id="query by another name",
        ),
        pytest.param(
            "query",
            {"TableName": "users", "KeyConditions": OLD_QUERY},
            {
                "TableName": "users",
                "KeyConditions": {
                    "pk": {**OLD_QUERY["pk"], "AttributeValueList": [{"S": "yours#1"}]}
                },
            },
            id="query in the old form",
        ),
        pytest.param(
            "query",
            query("owner = :v", "mine#1", IndexName="by-owner"),
            query("owner = :v", "yours#1", IndexName="by-owner"),
            id="query an index",
        ),
        pytest.param(
            "batch_get_item",
            {"RequestItems": {"users": {"Keys": [MINE, ALSO_MINE]}}},
            {"RequestItems": {"users": {"Keys": [MINE, YOURS]}}},
            id="one of a batch of reads",
        ),
        pytest.param(
            "batch_write_item",
            {"RequestItems": {"users": [{"PutRequest": {"Item": MINE}}]}},
            {
                "RequestItems": {
                    "users": [
                        {"PutRequest": {"Item": MINE}},
                        {"DeleteRequest": {"Key": YOURS}},
                    ]
                }
            },
            id="one of a batch of writes",
        ),
        pytest.param(
            "transact_write_items",
            {"TransactItems": [{"Put": PUT}, check(ALSO_MINE)]},
            {"TransactItems": [{"Put": PUT}, check(YOURS)]},
            id="one of a transaction",
        ),
        pytest.param(
            "transact_get_items",
            {"TransactItems": [{"Get": on(MINE)}]},
            {"TransactItems": [{"Get": on(MINE)}, {"Get": on(YOURS)}]},
            id="one of a transaction of reads",
        ),
    ],
)
def test_what_is_mine_passes_and_what_is_yours_does_not(
    table: Client, operation: str, mine: dict[str, Any], yours: dict[str, Any]
):
    getattr(table, operation)(**mine)

    with pytest.raises(ClientError) as caught:
        getattr(table, operation)(**yours)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_request_that_is_about_no_key_is_not_about_mine(table: Client):
    with pytest.raises(ClientError) as caught:
        table.scan(TableName="users")

    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        pytest.param("get_item", on({"other": {"S": "mine#1"}}), id="another name"),
        pytest.param("get_item", on({"pk": {"BOOL": True}}), id="no key's type"),
        pytest.param("get_item", on({"pk": {"S": ""}}), id="empty"),
        pytest.param("put_item", {**PUT, "Item": {"a": {"S": "mine#1"}}}, id="absent"),
        pytest.param("query", query("pk > :v", "mine#1"), id="not one key"),
        pytest.param("query", query("a = :v", "mine#1"), id="not the key"),
        pytest.param(
            "query", query("pk = :v AND pk = :v", "mine#1"), id="the key twice"
        ),
        pytest.param("query", query("pk = :w", "mine#1"), id="no value"),
        pytest.param("query", {"TableName": "users"}, id="no condition"),
        pytest.param(
            "query",
            {
                "TableName": "users",
                "KeyConditions": {
                    "pk": {**OLD_QUERY["pk"], "ComparisonOperator": "GT"}
                },
            },
            id="not one key in the old form",
        ),
        pytest.param(
            "batch_get_item",
            {"RequestItems": {"users": {"Keys": [MINE, {"a": {"S": "mine#1"}}]}}},
            id="one of a batch",
        ),
    ],
)
def test_a_request_whose_key_cannot_be_found_is_refused(
    table: Client, operation: str, arguments: dict[str, Any]
):
    with pytest.raises(ClientError) as caught:
        getattr(table, operation)(**arguments)

    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert "required keys" in str(caught.value)


def reads(count: int) -> dict[str, Any]:
    return {"RequestItems": {"users": {"Keys": [YOURS] * count}}}


def writes(count: int) -> dict[str, Any]:
    return {"RequestItems": {"users": [{"DeleteRequest": {"Key": YOURS}}] * count}}


def steps(count: int) -> dict[str, Any]:
    return {"TransactItems": [{"Get": on(YOURS)}] * count}


@pytest.mark.parametrize(
    ("operation", "request_for"),
    [
        ("batch_get_item", reads),
        ("batch_write_item", writes),
        ("transact_get_items", steps),
    ],
)
def test_more_than_a_batch_may_hold_is_refused_before_each_key_is_compared(
    table: Client, operation: str, request_for: Callable[[int], dict[str, Any]]
):
    for count, code in ((100, "AccessDeniedException"), (101, "ValidationException")):
        with pytest.raises(ClientError) as caught:
            getattr(table, operation)(**request_for(count))
        assert caught.value.response["Error"]["Code"] == code
