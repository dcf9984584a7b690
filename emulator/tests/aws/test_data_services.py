"""DynamoDB, Secrets Manager and SSM, as real SDK clients with a role meet them."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aikagi_emulator.aws import AwsEndpoint, Session
from aikagi_emulator.template import Stack
from emulator.tests.aws.small_stack import (
    ACCOUNT,
    PARAMETERS,
    REGION,
    SECRET,
    TABLE,
    Client,
    Clock,
    resource,
    stack_of,
)

Connect = Callable[..., Any]
KEY = {"pk": {"S": "principal#local#alice"}}


def refused(call: Callable[..., Any], **arguments: object) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def not_authorised(caller: Session, action: str, resource: str) -> tuple[str, str]:
    message = (
        f"User: {caller.arn} is not authorized to perform: {action} on resource: "
        f"{resource}"
    )
    return "AccessDeniedException", message


@pytest.fixture
def tables(connect: Connect, broker: Session) -> Client:
    return connect("dynamodb", broker)


@pytest.fixture
def all_tables(connect: Connect, operator: Session) -> Client:
    return connect("dynamodb", operator)


def test_what_the_operator_writes_the_broker_reads(tables: Client, all_tables: Client):
    item = {**KEY, "groups": {"SS": ["everyone"]}}
    all_tables.put_item(TableName="users", Item=item)

    found = tables.get_item(TableName="users", Key=KEY, ConsistentRead=True)

    assert found["Item"] == item


def test_a_table_may_be_named_by_its_arn(tables: Client):
    assert "Item" not in tables.get_item(TableName=TABLE, Key=KEY)


def test_a_condition_that_fails_is_the_client_s_exception(all_tables: Client):
    once = {
        "TableName": "users",
        "Item": KEY,
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    all_tables.put_item(**once)

    with pytest.raises(all_tables.exceptions.ConditionalCheckFailedException):
        all_tables.put_item(**once)


@pytest.mark.parametrize(
    ("operation", "arguments", "action", "resource"),
    [
        pytest.param(
            "put_item",
            {"TableName": "users", "Item": KEY},
            "PutItem",
            TABLE,
            id="another action",
        ),
        pytest.param(
            "get_item",
            {"TableName": "others", "Key": KEY},
            "GetItem",
            TABLE.replace("users", "others"),
            id="another table",
        ),
        pytest.param(
            "query",
            {
                "TableName": "users",
                "IndexName": "by-group",
                "KeyConditionExpression": "pk = :p",
            },
            "Query",
            f"{TABLE}/index/by-group",
            id="an index",
        ),
        pytest.param("scan", {"TableName": "users"}, "Scan", TABLE, id="a scan"),
        pytest.param("list_tables", {}, "ListTables", "*", id="no table at all"),
        pytest.param(
            "batch_get_item",
            {"RequestItems": {"users": {"Keys": [KEY]}}},
            "BatchGetItem",
            TABLE,
            id="a batch of reads",
        ),
        pytest.param(
            "batch_write_item",
            {"RequestItems": {"users": [{"DeleteRequest": {"Key": KEY}}]}},
            "BatchWriteItem",
            TABLE,
            id="a batch of writes",
        ),
        pytest.param(
            "transact_write_items",
            {"TransactItems": [{"Delete": {"TableName": "users", "Key": KEY}}]},
            "DeleteItem",
            TABLE,
            id="a write in a transaction",
        ),
        pytest.param(
            "transact_write_items",
            {
                "TransactItems": [
                    {
                        "ConditionCheck": {
                            "TableName": "users",
                            "Key": KEY,
                            "ConditionExpression": "attribute_exists(pk)",
                        }
                    }
                ]
            },
            "ConditionCheckItem",
            TABLE,
            id="a check in a transaction",
        ),
        pytest.param(
            "transact_get_items",
            {
                "TransactItems": [
                    {"Get": {"TableName": "users", "Key": KEY}},
                    {"Get": {"TableName": "others", "Key": KEY}},
                ]
            },
            "GetItem",
            TABLE.replace("users", "others"),
            id="one table of a transaction",
        ),
    ],
)
def test_what_the_role_s_policy_does_not_name_is_refused(
    *,
    tables: Client,
    broker: Session,
    operation: str,
    arguments: dict[str, object],
    action: str,
    resource: str,
):
    said = refused(getattr(tables, operation), **arguments)

    assert said == not_authorised(broker, f"dynamodb:{action}", resource)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        pytest.param(
            "transact_get_items",
            {"TransactItems": [{"Get": {"TableName": "users", "Key": KEY}}]},
            id="a transaction of reads",
        ),
    ],
)
def test_a_transaction_needs_the_permissions_of_its_parts(
    tables: Client, operation: str, arguments: dict[str, object]
):
    assert getattr(tables, operation)(**arguments)["Responses"]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        pytest.param(
            "batch_write_item",
            {"RequestItems": {TABLE: [{"PutRequest": {"Item": KEY}}]}},
            id="a batch",
        ),
        pytest.param(
            "transact_write_items",
            {"TransactItems": [{"Put": {"TableName": TABLE, "Item": KEY}}]},
            id="a transaction",
        ),
        pytest.param("put_item", {"TableName": TABLE, "Item": KEY}, id="one item"),
    ],
)
def test_writes_by_arn_end_in_the_table(
    all_tables: Client, operation: str, arguments: dict[str, object]
):
    getattr(all_tables, operation)(**arguments)

    assert all_tables.scan(TableName="users")["Items"] == [KEY]


def test_an_action_that_is_not_modelled_is_named_even_to_the_operator(
    all_tables: Client,
):
    said = refused(all_tables.delete_table, TableName="users")

    assert said == (
        "NotImplemented",
        "The emulator does not model dynamodb:DeleteTable.",
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(TABLE.replace(ACCOUNT, "999999999999"), id="another account"),
        pytest.param("users/index/x", id="a path"),
    ],
)
def test_a_name_that_leads_elsewhere_is_no_table(tables: Client, name: str):
    said = refused(tables.get_item, TableName=name, Key=KEY)

    assert said == ("ResourceNotFoundException", "Requested resource not found")


def test_a_value_cannot_become_an_action(tables: Client, all_tables: Client):
    odd = {"pk": {"S": "x&Action=PutItem&TableName=users&"}}

    assert "Item" not in tables.get_item(TableName="users", Key=odd)
    assert all_tables.scan(TableName="users")["Items"] == []


def test_the_secret_has_its_value_under_the_template_s_arn(
    connect: Connect, broker: Session
):
    secrets = connect("secretsmanager", broker)

    found = secrets.get_secret_value(SecretId=SECRET)

    assert found["ARN"] == SECRET
    assert len(found["SecretString"]) == 64
    for other in ("signing", SECRET[:-7]):
        same = secrets.get_secret_value(SecretId=other)
        assert same["SecretString"] == found["SecretString"]


@pytest.mark.parametrize(
    ("operation", "secret_id", "action", "resource"),
    [
        pytest.param(
            "describe_secret", SECRET, "DescribeSecret", SECRET, id="another action"
        ),
        pytest.param(
            "get_secret_value",
            "other",
            "GetSecretValue",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:other",
            id="another secret",
        ),
        pytest.param(
            "get_secret_value",
            f"{SECRET[:-6]}zzzzzz",
            "GetSecretValue",
            f"{SECRET[:-6]}zzzzzz",
            id="another suffix",
        ),
    ],
)
def test_other_secrets_and_actions_are_refused(
    *,
    connect: Connect,
    broker: Session,
    operation: str,
    secret_id: str,
    action: str,
    resource: str,
):
    secrets = connect("secretsmanager", broker)

    said = refused(getattr(secrets, operation), SecretId=secret_id)

    assert said == not_authorised(broker, f"secretsmanager:{action}", resource)


def test_a_secret_that_does_not_exist_is_not_found(connect: Connect, operator: Session):
    secrets = connect("secretsmanager", operator)

    with pytest.raises(secrets.exceptions.ResourceNotFoundException) as caught:
        secrets.get_secret_value(SecretId="other")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        pytest.param(
            "secretsmanager", "delete_secret", {"SecretId": "signing"}, id="secrets"
        ),
        pytest.param(
            "ssm",
            "put_parameter",
            {"Name": "/a", "Value": "b", "Type": "String"},
            id="parameters",
        ),
        pytest.param(
            "ssm",
            "get_parameters_by_path",
            {
                "Path": "/aikagi",
                "ParameterFilters": [{"Key": "Type", "Values": ["String"]}],
            },
            id="filters",
        ),
        pytest.param("s3", "list_buckets", {}, id="a whole service"),
        pytest.param(
            "lambda", "get_function", {"FunctionName": "hello"}, id="Lambda's API"
        ),
    ],
)
def test_what_is_not_modelled_is_an_error(
    connect: Connect,
    operator: Session,
    service: str,
    operation: str,
    arguments: dict[str, object],
):
    client = connect(service, operator)

    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**arguments)

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "does not model" in str(caught.value)


@pytest.fixture
def parameters(connect: Connect, broker: Session) -> Client:
    return connect("ssm", broker)


def test_parameters_come_ten_at_a_time(parameters: Client):
    first = parameters.get_parameters_by_path(Path="/aikagi/functions")
    second = parameters.get_parameters_by_path(
        Path="/aikagi/functions", NextToken=first["NextToken"]
    )

    names = [
        parameter["Name"] for parameter in [*first["Parameters"], *second["Parameters"]]
    ]
    assert len(first["Parameters"]) == 10
    assert names == [f"/aikagi/functions/f{n:02}" for n in range(12)]
    assert "NextToken" not in second


def test_a_page_may_be_smaller(parameters: Client):
    pages = parameters.get_paginator("get_parameters_by_path").paginate(
        Path="/aikagi/functions", PaginationConfig={"PageSize": 5}
    )

    assert [len(page["Parameters"]) for page in pages] == [5, 5, 2]


def test_a_parameter_is_described_as_ssm_does(parameters: Client):
    answer = parameters.get_parameters_by_path(Path="/aikagi/functions", MaxResults=1)

    (one,) = answer["Parameters"]
    assert one.pop("LastModifiedDate").tzinfo
    assert one == {
        "Name": "/aikagi/functions/f00",
        "Type": "String",
        "Value": "value 0",
        "Version": 1,
        "ARN": f"{PARAMETERS}/aikagi/functions/f00",
        "DataType": "text",
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"MaxResults": 11}, "ValidationException", id="a larger page"),
        pytest.param({"NextToken": "bm9wZQ=="}, "InvalidNextToken", id="a made token"),
        pytest.param({"NextToken": "%"}, "InvalidNextToken", id="no token"),
    ],
)
def test_a_page_that_cannot_be_is_refused(
    parameters: Client, changes: dict[str, object], code: str
):
    said = refused(
        parameters.get_parameters_by_path, Path="/aikagi/functions", **changes
    )

    assert said[0] == code


@pytest.mark.parametrize(
    ("operation", "arguments", "resource"),
    [
        pytest.param(
            "get_parameters_by_path",
            {"Path": "/aikagi"},
            f"{PARAMETERS}/aikagi",
            id="a path above",
        ),
        pytest.param(
            "get_parameters_by_path",
            {"Path": "/aikagi/functions/f00"},
            f"{PARAMETERS}/aikagi/functions/f00",
            id="a path below",
        ),
        pytest.param(
            "get_parameter",
            {"Name": "/aikagi/functions/f00"},
            f"{PARAMETERS}/aikagi/functions/f00",
            id="another action",
        ),
        pytest.param(
            "get_parameters",
            {"Names": ["/a", "/b"]},
            f"{PARAMETERS}/a",
            id="several by name",
        ),
    ],
)
def test_other_parameters_and_actions_are_refused(
    parameters: Client,
    broker: Session,
    operation: str,
    arguments: dict[str, object],
    resource: str,
):
    said = refused(getattr(parameters, operation), **arguments)

    action = "".join(word.capitalize() for word in operation.split("_"))
    assert said == not_authorised(broker, f"ssm:{action}", resource)


@pytest.mark.parametrize(
    ("path", "recursive", "count"),
    [
        pytest.param("/aikagi/functions", False, 10, id="directly below"),
        pytest.param("/aikagi/functions/", False, 10, id="a slash at the end"),
        pytest.param("/aikagi", False, 0, id="not deeper"),
        pytest.param("/aikagi", True, 10, id="deeper when asked"),
        pytest.param("/aikagi/func", True, 0, id="whole names only"),
    ],
)
def test_a_path_holds_what_is_below_it(
    connect: Connect,
    operator: Session,
    path: str,
    recursive: bool,
    count: int,
):
    answer = connect("ssm", operator).get_parameters_by_path(
        Path=path, Recursive=recursive
    )

    assert len(answer["Parameters"]) == count


def test_parameters_are_found_by_name_and_arn(connect: Connect, operator: Session):
    ssm = connect("ssm", operator)
    name = "/aikagi/functions/f00"

    several = ssm.get_parameters(Names=[name, "/nothing"])

    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "value 0"
    assert ssm.get_parameter(Name=PARAMETERS + name)["Parameter"]["Name"] == name
    assert [parameter["Name"] for parameter in several["Parameters"]] == [name]
    assert several["InvalidParameters"] == ["/nothing"]
    assert refused(ssm.get_parameter, Name="/nothing")[0] == "ParameterNotFound"


@pytest.mark.parametrize(
    ("specification", "described"),
    [
        pytest.param(
            {"AttributeName": "expires", "Enabled": True},
            {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"},
            id="on",
        ),
        pytest.param(
            {"AttributeName": "expires", "Enabled": False},
            {"TimeToLiveStatus": "DISABLED"},
            id="off",
        ),
        pytest.param(None, {"TimeToLiveStatus": "DISABLED"}, id="unsaid"),
    ],
)
def test_a_table_s_time_to_live_is_described(
    connect_to: Callable[[Stack, Clock], tuple[Callable[..., Client], AwsEndpoint]],
    clock: Clock,
    specification: dict[str, object] | None,
    described: dict[str, str],
):
    table = resource(
        "Users",
        "AWS::DynamoDB::Table",
        {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            **(
                {"TimeToLiveSpecification": specification}
                if specification is not None
                else {}
            ),
        },
        ref="users",
    )
    connect, aws = connect_to(stack_of(table), clock)
    client = connect("dynamodb", aws.operator_session())

    found = client.describe_time_to_live(TableName="users")

    assert found["TimeToLiveDescription"] == described
