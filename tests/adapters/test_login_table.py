"""How a login stands in the table, and what becomes of the table's faults."""

from datetime import timedelta
from typing import Any

import pytest

from app.adapters.login_table import LoginTable
from app.adapters.table import Table, connect
from app.adapters.tokens.refresh import RefreshTokens
from app.domain.errors import UsersUnavailableError
from app.domain.logins import Lifetimes, Login
from app.logins import RotatingLogins
from tests.fakes import (
    NOON,
    Clock,
    KeySet,
    KnownUsers,
    LoginsInMemory,
    a_user,
    rotating_logins,
)
from tests.scripted_aws import Answer, ScriptedAws

LIFETIMES = Lifetimes(longest=timedelta(days=7), idle=timedelta(hours=12))
LOGIN = Login.begin(
    "0123456789abcdef",
    a_user("alice", credentials_version="version-1"),
    "one",
    NOON,
    LIFETIMES,
)
RENEWED = LOGIN.rotated("two", NOON + timedelta(hours=1), LIFETIMES)
COST = {"TableName": "users", "CapacityUnits": 1.0}
DONE = Answer.json({"ConsumedCapacity": COST})
NOT_SO = Answer.error("ConditionalCheckFailedException")
OF_NO_LATER_VERSION = "(attribute_not_exists(#version) OR #version <= :version)"
KEY = {"pk": {"S": "login#0123456789abcdef"}}
ITEM = {
    **KEY,
    "version": {"N": "3"},
    "issuer": {"S": "local"},
    "subject": {"S": "alice"},
    "credentials_version": {"S": "version-1"},
    "token_sha256": {"S": "one"},
    "created_at": {"S": "2030-01-01T12:00:00.123+00:00"},
    "rotated_at": {"S": "2030-01-01T12:00:00.123+00:00"},
    "ends_at": {"S": "2030-01-08T12:00:01.000+00:00"},
    "expires": {"N": str(int(NOON.timestamp()) + 12 * 3600 + 1)},
}
RENEWED_ITEM = {
    **ITEM,
    "token_sha256": {"S": "two"},
    "previous_sha256": {"S": "one"},
    "rotated_at": {"S": "2030-01-01T13:00:00.123+00:00"},
    "expires": {"N": str(int(NOON.timestamp()) + 13 * 3600 + 1)},
}


def holding(item: dict[str, Any]) -> Answer:
    return Answer.json({"Item": item, "ConsumedCapacity": COST})


@pytest.fixture
def table(script: ScriptedAws) -> LoginTable:
    return LoginTable(Table(connect(script.session()), name="users"))


def test_a_login_is_an_item_that_dynamodb_drops_by_itself(
    table: LoginTable, script: ScriptedAws
):
    script.will(DONE)

    table.add(LOGIN)

    [request] = script.requests
    assert request.target == "PutItem"
    assert request.json == {
        "TableName": "users",
        "Item": ITEM,
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnConsumedCapacity": "TOTAL",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_login_written_twice_by_the_sdk_is_there_once(
    table: LoginTable, script: ScriptedAws
):
    script.will(Answer.hang_up(), NOT_SO)

    table.add(LOGIN)

    assert [request.target for request in script.requests] == ["PutItem", "PutItem"]


def test_what_was_written_is_read_consistently(table: LoginTable, script: ScriptedAws):
    script.will(holding(RENEWED_ITEM))

    read = table.read(LOGIN.id)

    assert read is not None
    assert abs(read.rotated_at - RENEWED.rotated_at) < timedelta(milliseconds=1)
    assert (read.current_digest, read.previous_digest) == ("two", "one")
    assert (read.identity, read.credentials_version) == (LOGIN.identity, "version-1")
    assert (read.expires_at, read.ends_at) == (RENEWED.expires_at, LOGIN.ends_at)
    assert read.ended_at is None
    assert script.requests[0].json == {
        "TableName": "users",
        "Key": KEY,
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "TOTAL",
    }


def test_an_ended_login_is_read_as_ended(table: LoginTable, script: ScriptedAws):
    script.will(holding({**ITEM, "ended_at": {"S": NOON.isoformat()}}))

    read = table.read(LOGIN.id)

    assert read is not None
    assert read.ended_at == NOON


def test_there_may_be_no_such_login(table: LoginTable, script: ScriptedAws):
    script.will(DONE)

    assert table.read(LOGIN.id) is None


def test_a_renewal_is_one_conditional_write(table: LoginTable, script: ScriptedAws):
    script.will(DONE)

    assert table.rotate(RENEWED)
    [request] = script.requests
    assert request.target == "UpdateItem"
    assert request.json == {
        "TableName": "users",
        "Key": KEY,
        "UpdateExpression": "SET #token_sha256 = :token_sha256, "
        "#previous_sha256 = :previous_sha256, #rotated_at = :rotated_at, "
        "#expires = :expires, #version = :version",
        "ConditionExpression": "token_sha256 = :previous_sha256 "
        f"AND attribute_not_exists(ended_at) AND {OF_NO_LATER_VERSION}",
        "ExpressionAttributeNames": {
            "#token_sha256": "token_sha256",
            "#previous_sha256": "previous_sha256",
            "#rotated_at": "rotated_at",
            "#expires": "expires",
            "#version": "version",
        },
        "ExpressionAttributeValues": {
            ":token_sha256": {"S": "two"},
            ":previous_sha256": {"S": "one"},
            ":rotated_at": RENEWED_ITEM["rotated_at"],
            ":expires": RENEWED_ITEM["expires"],
            ":version": {"N": "3"},
        },
        "ReturnConsumedCapacity": "TOTAL",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_renewal_that_came_second_says_so(table: LoginTable, script: ScriptedAws):
    script.will(NOT_SO)

    assert not table.rotate(RENEWED)


@pytest.mark.parametrize("answer", [DONE, NOT_SO], ids=["there", "gone already"])
def test_an_end_makes_no_login_of_nothing(
    table: LoginTable, script: ScriptedAws, answer: Answer
):
    script.will(answer)

    table.end(LOGIN.id, NOON)

    assert script.requests[0].json == {
        "TableName": "users",
        "Key": KEY,
        "UpdateExpression": "SET #ended_at = :ended_at, #version = :version",
        "ConditionExpression": f"attribute_exists(pk) AND {OF_NO_LATER_VERSION}",
        "ExpressionAttributeNames": {"#ended_at": "ended_at", "#version": "version"},
        "ExpressionAttributeValues": {
            ":ended_at": {"S": "2030-01-01T12:00:00.123+00:00"},
            ":version": {"N": "3"},
        },
        "ReturnConsumedCapacity": "TOTAL",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        pytest.param(Answer.error("AccessDeniedException"), None, id="not allowed"),
        pytest.param(
            Answer.error("ProvisionedThroughputExceededException"), 2, id="throttled"
        ),
        pytest.param(Answer.error("InternalServerError", 500), 2, id="theirs"),
        pytest.param(Answer.hang_up(), 2, id="hung up"),
        pytest.param(Answer(body=b"{"), None, id="garbage"),
        pytest.param(Answer.json({}), None, id="empty"),
    ],
)
@pytest.mark.parametrize("operation", ["add", "read", "rotate", "end"])
def test_a_table_that_does_not_answer_is_never_an_answer(
    table: LoginTable,
    script: ScriptedAws,
    operation: str,
    answer: Answer,
    retry_after: int | None,
):
    script.will(answer)
    arguments: dict[str, tuple[Any, ...]] = {
        "add": (LOGIN,),
        "read": (LOGIN.id,),
        "rotate": (RENEWED,),
        "end": (LOGIN.id, NOON),
    }

    with pytest.raises(UsersUnavailableError) as caught:
        getattr(table, operation)(*arguments[operation])

    assert caught.value.retry_after_seconds == retry_after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, {"NULL": True}) for name in ITEM if name != "pk"),
        *((name, None) for name in ITEM if name not in {"pk", "version"}),
    ],
)
def test_an_item_that_is_not_as_we_write_it_lets_nobody_in(
    table: LoginTable, script: ScriptedAws, name: str, value: object
):
    changed = {**ITEM, name: value}
    script.will(holding({key: held for key, held in changed.items() if held}))

    with pytest.raises(UsersUnavailableError):
        table.read(LOGIN.id)


def test_a_renewal_done_twice_by_the_sdk_is_done_once(
    script: ScriptedAws, table: LoginTable
):
    clock, store = Clock(), LoginsInMemory()
    alice = a_user("alice")
    first = rotating_logins(clock, store).begin(alice)
    [login] = store.by_id.values()
    second = rotating_logins(clock, store).renew(first.text, KnownUsers(alice).find)
    [renewed] = store.by_id.values()
    # The first try was done, and its answer lost; the SDK tries again by itself.
    script.will(
        holding(item_of(login)), Answer.hang_up(), NOT_SO, holding(item_of(renewed))
    )

    logins = RotatingLogins(
        table, RefreshTokens(KeySet()), lifetimes=LIFETIMES, clock=clock
    )
    again = logins.renew(first.text, KnownUsers(alice).find)

    assert again.text == second.text
    assert [request.target for request in script.requests] == [
        *("GetItem", "UpdateItem", "UpdateItem", "GetItem"),
    ]


def item_of(login: Login) -> dict[str, Any]:
    return {
        **ITEM,
        "credentials_version": {"S": login.credentials_version},
        "token_sha256": {"S": login.current_digest},
        "previous_sha256": {"S": login.previous_digest or "none"},
    }
