"""What the table says, what it may hold by mistake, and what it is when it is away."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.adapters.passwords import Passwords
from app.adapters.table import Table, connect
from app.adapters.users import UserTable
from app.domain.errors import UsersUnavailableError
from app.domain.identity import (
    CheckedPassword,
    FederatedBearer,
    Identity,
    PasswordRefusal,
    RefusedPassword,
)
from tests.fakes import Clock, a_user
from tests.scripted_aws import Answer, Request, ScriptedAws

RIGHT = "wonderland-1865"
PASSWORDS = Passwords()
STORED = PASSWORDS.hash(RIGHT)
ALICE = Identity(issuer="local", subject="alice")
RECORD = {
    "pk": {"S": "principal#local#alice"},
    "password_hash": {"S": STORED},
    "groups": {"SS": ["everyone"]},
}
COST = {"TableName": "users", "CapacityUnits": 1.0}


def found(*items: dict[str, Any]) -> Answer:
    return Answer.json(
        {
            "Responses": {"users": list(items)},
            "UnprocessedKeys": {},
            "ConsumedCapacity": [COST],
        }
    )


def found_alone(**changes: Any) -> Answer:
    """Answer about alice and nobody else."""
    return Answer.json({"Item": {**RECORD, **changes}, "ConsumedCapacity": COST})


NOBODY = found()


def reading(key: str) -> dict[str, Any]:
    """Give the one request that reads somebody and what was revoked."""
    return {
        "RequestItems": {
            "users": {
                "Keys": [{"pk": {"S": key}}, {"pk": {"S": "revocations"}}],
                "ConsistentRead": True,
            }
        },
        "ReturnConsumedCapacity": "TOTAL",
    }


def holding(**changes: Any) -> Answer:
    item = {**RECORD, **changes}
    item = {name: value for name, value in item.items() if value is not None}
    return found(item)


@pytest.fixture
def table(script: ScriptedAws) -> UserTable:
    client = connect(script.session())
    return UserTable(Table(client, name="users"), passwords=PASSWORDS)


def test_reads_one_record_consistently(table: UserTable, script: ScriptedAws):
    script.will(holding())

    assert table.find(ALICE) == a_user("alice", "everyone")
    [request] = script.requests
    assert request.json == reading("principal#local#alice")


def test_a_namesake_at_another_issuer_is_another_record(
    table: UserTable, script: ScriptedAws
):
    script.will(NOBODY)

    assert table.find(Identity(issuer="corp", subject="alice")) is None
    assert script.requests[0].json == reading("principal#corp#alice")


def test_the_right_password_lets_in(table: UserTable, script: ScriptedAws):
    script.will(holding())

    alice = CheckedPassword(
        user=a_user("alice", "everyone"), is_one_time=False, stored_hash=STORED
    )
    assert table.authenticate("alice", RIGHT) == alice
    assert table.authenticate("Alice", RIGHT) == alice
    assert STORED not in repr(alice)


def test_a_one_time_password_is_the_only_one_there_is(
    table: UserTable, script: ScriptedAws
):
    once = PASSWORDS.hash("for-once-only")
    script.will(holding(one_time_password_hash={"S": once}))

    checked = table.authenticate("alice", "for-once-only")

    assert isinstance(checked, CheckedPassword)
    assert (checked.is_one_time, checked.stored_hash) == (True, once)
    assert isinstance(table.authenticate("alice", RIGHT), RefusedPassword)


UNKNOWN, WRONG = PasswordRefusal.UNKNOWN_USER, PasswordRefusal.WRONG
DISABLED, NO_PASSWORD = PasswordRefusal.DISABLED, PasswordRefusal.NO_PASSWORD


@pytest.mark.parametrize(
    ("record", "username", "password", "reason"),
    [
        pytest.param(NOBODY, "alice", RIGHT, UNKNOWN, id="unknown"),
        pytest.param(holding(), "alice", "wrong-wrong", WRONG, id="wrong"),
        pytest.param(holding(), "alice", "", WRONG, id="empty"),
        pytest.param(
            holding(disabled={"BOOL": True}), "alice", RIGHT, DISABLED, id="disabled"
        ),
        pytest.param(
            holding(disabled={"S": "no"}), "alice", RIGHT, DISABLED, id="odd mark"
        ),
        pytest.param(
            holding(password_hash=None), "alice", RIGHT, NO_PASSWORD, id="no hash"
        ),
        pytest.param(
            holding(password_hash={"N": "1"}),
            *("alice", RIGHT, NO_PASSWORD),
            id="hash a number",
        ),
        pytest.param(
            holding(password_hash={"S": 3}),
            *("alice", RIGHT, NO_PASSWORD),
            id="hash no string",
        ),
        pytest.param(
            holding(password_hash={"S": "x"}), "alice", RIGHT, WRONG, id="odd hash"
        ),
        pytest.param(
            holding(one_time_password_hash={"N": "1"}),
            *("alice", RIGHT, NO_PASSWORD),
            id="odd once",
        ),
        pytest.param(
            holding(one_time_password_hash={"S": STORED}, disabled={"BOOL": True}),
            *("alice", RIGHT, DISABLED),
            id="disabled, once",
        ),
        pytest.param(holding(), "al ice", RIGHT, UNKNOWN, id="no username"),
        pytest.param(holding(), "", RIGHT, UNKNOWN, id="no name"),
    ],
)
def test_nothing_else_does_and_the_reason_is_known(
    table: UserTable,
    script: ScriptedAws,
    record: Answer,
    username: str,
    password: str,
    reason: PasswordRefusal,
):
    script.will(record)

    assert table.authenticate(username, password) == RefusedPassword(
        reason=reason, identity=None if reason is UNKNOWN else ALICE
    )


def test_an_enabled_user_is_found_and_a_disabled_one_is_not(
    table: UserTable, script: ScriptedAws
):
    script.will(holding(disabled={"BOOL": False}))
    assert table.find(ALICE) is not None

    script.will(holding(disabled={"BOOL": True}))
    assert table.find(ALICE) is None


@pytest.mark.parametrize(
    ("version", "read"), [(None, ""), ({"S": "version-1"}, "version-1")]
)
def test_the_version_of_the_credentials_is_read_where_there_is_one(
    table: UserTable, script: ScriptedAws, version: object, read: str
):
    script.will(holding(credentials_version=version))

    assert table.find(ALICE) == a_user("alice", "everyone", credentials_version=read)


def test_somebody_without_groups_has_none(table: UserTable, script: ScriptedAws):
    script.will(holding(groups=None))

    assert table.find(ALICE) == a_user("alice")


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        pytest.param(Answer.error("ResourceNotFoundException"), None, id="no table"),
        pytest.param(Answer.error("AccessDeniedException"), None, id="not allowed"),
        pytest.param(
            Answer.error("ProvisionedThroughputExceededException"), 2, id="throttled"
        ),
        pytest.param(Answer.error("InternalServerError", 500), 2, id="theirs"),
        pytest.param(Answer.hang_up(), 2, id="hung up"),
        pytest.param(Answer(body=b"{"), None, id="garbage"),
        pytest.param(holding(groups={"SS": 3}), None, id="odd"),
        pytest.param(
            holding(credentials_version={"N": "1"}), None, id="version a number"
        ),
    ],
)
def test_a_table_that_does_not_answer_is_never_a_wrong_password(
    table: UserTable, script: ScriptedAws, answer: Answer, retry_after: int | None
):
    script.will(answer)

    with pytest.raises(UsersUnavailableError) as caught:
        table.authenticate("alice", RIGHT)
    with pytest.raises(UsersUnavailableError):
        table.find(ALICE)

    assert caught.value.retry_after_seconds == retry_after
    assert str(caught.value) == ""


# What was revoked


def revocations(**attributes: Any) -> dict[str, Any]:
    return {"pk": {"S": "revocations"}, **attributes}


@pytest.mark.parametrize(
    ("own", "everybodys", "valid_from"),
    [(None, None, 0), (100, None, 100), (None, 200, 200), (100, 200, 200), (3, 2, 3)],
)
@pytest.mark.parametrize("issuer", ["local", "corp"])
def test_what_counts_no_more_is_the_later_of_ones_own_and_everybodys(
    table: UserTable,
    script: ScriptedAws,
    issuer: str,
    own: int | None,
    everybodys: int | None,
    valid_from: int,
):
    principal = {"pk": {"S": f"principal#{issuer}#alice"}}
    if own is not None:
        principal["valid_from"] = {"N": str(own)}
    items: list[dict[str, Any]] = [principal]
    if everybodys is not None:
        items.append(revocations(valid_from={"N": str(everybodys)}))
    script.will(found(*items))

    identity = Identity(issuer=issuer, subject="alice")
    named = replace(bearer(), identity=identity)
    user = table.find(identity) if issuer == "local" else table.admit(named)

    assert user is not None
    assert user.valid_from == valid_from


def test_everybody_has_the_grants_that_were_revoked(
    table: UserTable, script: ScriptedAws
):
    script.will(found(RECORD, revocations(grants={"SS": ["g-1", "g-2"]})))

    user, admitted = table.find(ALICE), table.admit(bearer())

    assert user is not None
    assert admitted is not None
    assert user.revoked_grants == admitted.revoked_grants == {"g-1", "g-2"}


@pytest.mark.parametrize(
    "odd",
    [
        {"valid_from": {"S": "yesterday"}},
        {"valid_from": {"N": "soon"}},
        {"grants": {"S": "g-1"}},
        {"version": {"N": "99"}},
    ],
)
def test_without_what_was_revoked_nobody_comes_in(
    table: UserTable, script: ScriptedAws, odd: dict[str, Any]
):
    script.will(found(RECORD, revocations()))
    assert table.find(ALICE) is not None

    script.will(found(RECORD, revocations(**odd)))
    for come_in in (
        lambda: table.find(ALICE),
        lambda: table.admit(bearer()),
        lambda: table.authenticate("alice", RIGHT),
    ):
        with pytest.raises(UsersUnavailableError):
            come_in()


# What is remembered for a moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def remembering(script: ScriptedAws, clock: Clock) -> UserTable:
    client = connect(script.session())
    return UserTable(Table(client, name="users"), passwords=PASSWORDS, clock=clock)


def keys_of(request: Request) -> list[str]:
    """Give what was read, of one item or of several; whatever it is, consistently."""
    asked: Any = request.json
    read = asked.get("RequestItems", {}).get("users") or asked
    assert read["ConsistentRead"] is True
    keys = read.get("Keys") or [read["Key"]]
    return [key["pk"]["S"] for key in keys]


def test_what_was_revoked_is_read_once_in_a_second_and_somebody_each_time(
    remembering: UserTable, script: ScriptedAws, clock: Clock
):
    script.will(found(RECORD, revocations(valid_from={"N": "7"})))
    first = remembering.find(ALICE)
    clock.advance(seconds=0.9)
    script.will(found_alone(groups={"SS": ["research"]}))
    second = remembering.find(ALICE)
    clock.advance(seconds=0.1)
    script.will(found(RECORD, revocations(valid_from={"N": "8"})))
    third = remembering.find(ALICE)

    assert [keys_of(request) for request in script.requests] == [
        ["principal#local#alice", "revocations"],
        ["principal#local#alice"],
        ["principal#local#alice", "revocations"],
    ]
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.valid_from, second.valid_from, third.valid_from) == (7, 7, 8)
    assert second.groups == {"research"}


def test_who_is_disabled_is_out_whatever_is_remembered(
    remembering: UserTable, script: ScriptedAws
):
    script.will(found(RECORD))
    assert remembering.find(ALICE) is not None
    script.will(found_alone())
    assert remembering.find(ALICE) is not None
    assert remembering.admit(bearer()) is not None

    script.will(found_alone(disabled={"BOOL": True}))
    assert remembering.find(ALICE) is None
    assert remembering.admit(bearer()) is None


def test_what_is_remembered_was_so_when_it_was_read(
    remembering: UserTable, script: ScriptedAws, clock: Clock
):
    """A session counts as issued then: what was revoked since ends it."""
    script.will(found(RECORD))
    began = clock()
    remembering.find(ALICE)
    clock.advance(seconds=0.9)
    script.will(found_alone())

    known, admitted = remembering.find(ALICE), remembering.admit(bearer())

    assert known is not None
    assert admitted is not None
    assert known.read_at == admitted.read_at == began


@pytest.mark.parametrize("seconds", [1.0, -1.0, -3600.0])
def test_a_clock_that_was_set_makes_nothing_last(
    remembering: UserTable, script: ScriptedAws, clock: Clock, seconds: float
):
    script.will(found(RECORD))
    remembering.find(ALICE)
    clock.advance(seconds=seconds)
    remembering.find(ALICE)

    assert "revocations" in keys_of(script.requests[1])


def test_a_failed_reading_is_not_remembered(
    remembering: UserTable, script: ScriptedAws
):
    script.will(found(RECORD, revocations(valid_from={"N": "soon"})))
    with pytest.raises(UsersUnavailableError):
        remembering.find(ALICE)
    script.will(found(RECORD))
    remembering.find(ALICE)

    assert "revocations" in keys_of(script.requests[1])


def test_whoever_comes_after_a_discard_reads_it(
    remembering: UserTable, script: ScriptedAws
):
    script.will(found(RECORD))
    remembering.find(ALICE)
    remembering.discard()
    remembering.find(ALICE)

    assert "revocations" in keys_of(script.requests[1])


# Attributes


def test_attributes_of_the_table_are_those_that_can_be_tags(
    table: UserTable, script: ScriptedAws
):
    attributes = {
        "team": {"S": "blue"},
        "department": {"S": "Forschung 3"},
        "Upper": {"S": "case"},
        "control": {"S": "a\nb"},
        "long": {"S": "x" * 257},
        "number": {"N": "1"},
    }
    script.will(holding(attributes={"M": attributes}))

    user = table.find(ALICE)

    assert user is not None
    assert list(user.attributes.items()) == [
        ("department", "Forschung 3"),
        ("team", "blue"),
    ]


# People of other issuers


def bearer(*, issued_at: int = 1000) -> FederatedBearer:
    return FederatedBearer(
        identity=Identity(issuer="corp", subject="auth0|5f7"),
        groups=frozenset({"research"}),
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        login_ends_at=datetime.fromtimestamp(issued_at + 3600, UTC),
    )


def known(**attributes: Any) -> Answer:
    item = {"pk": {"S": "principal#corp#auth0|5f7"}, **attributes}
    return found(item)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(NOBODY, id="not known here"),
        pytest.param(known(), id="known"),
        pytest.param(known(disabled={"BOOL": False}), id="not disabled"),
        pytest.param(known(valid_from={"N": "1000"}), id="valid from that moment"),
        pytest.param(known(groups={"SS": ["admin"]}), id="groups of the table"),
    ],
)
def test_whom_another_issuer_vouches_for_has_the_groups_of_the_token_alone(
    table: UserTable, script: ScriptedAws, answer: Answer
):
    script.will(answer)

    admitted = table.admit(bearer())

    assert admitted is not None
    assert admitted.identity == bearer().identity
    assert admitted.groups == {"research"}
    [request] = script.requests
    assert request.json == reading("principal#corp#auth0|5f7")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(known(disabled={"BOOL": True}), id="disabled"),
        pytest.param(known(disabled={"S": "no"}), id="an odd mark"),
    ],
)
def test_somebody_disabled_is_not_admitted(
    table: UserTable, script: ScriptedAws, answer: Answer
):
    script.will(answer)

    assert table.admit(bearer()) is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer.error("AccessDeniedException"), id="not allowed"),
        pytest.param(Answer(body=b"{"), id="garbage"),
        pytest.param(known(valid_from={"S": "yesterday"}), id="an odd moment"),
        pytest.param(known(version={"N": "99"}), id="a later version"),
    ],
)
def test_without_the_table_nobody_of_another_issuer_is_admitted(
    table: UserTable, script: ScriptedAws, answer: Answer
):
    script.will(answer)

    with pytest.raises(UsersUnavailableError):
        table.admit(bearer())
