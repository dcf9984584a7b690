"""The access policy, tested with nothing but values."""

import json
from datetime import timedelta

import pytest

from app.domain.errors import (
    DurationOutOfRangeError,
    FunctionNotAvailableError,
    FunctionNotNamedError,
)
from app.domain.identity import User
from app.domain.session import (
    LONGEST,
    SessionPlan,
    choose_function,
    may_call,
    plan_session,
)
from tests.fakes import NOON, a_function, a_user

ALICE = a_user("alice", "everyone", "research")
BOB = a_user("bob", "everyone")
HELLO = a_function("hello", "everyone")
REPORT = a_function("report", "research")


def plan(user: User = ALICE, seconds: int | None = 900) -> SessionPlan:
    return plan_session(user, REPORT, seconds, grant_id="g-1", issued=NOON)


def test_a_session_reaches_one_function_and_only_through_its_url():
    policy = json.loads(plan().policy)

    assert policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "lambda:InvokeFunctionUrl",
                "Resource": REPORT.arn,
                "Condition": {
                    "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}
                },
            },
            {
                "Effect": "Allow",
                "Action": "lambda:InvokeFunction",
                "Resource": REPORT.arn,
                "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
            },
        ],
    }


def test_a_session_policy_leaves_room_below_what_sts_takes():
    assert len(plan().policy) < 2048 / 2


def test_a_session_says_who_what_when_and_by_which_grant():
    planned = plan()

    assert planned.name == "local+alice"
    assert planned.source_identity == "local+alice"
    assert planned.tags == {
        "issuer": "local",
        "user": "alice",
        "function": "report",
        "issued": str(int(NOON.timestamp())),
        "grant": "g-1",
    }


def test_the_tags_of_a_namesake_at_another_issuer_differ():
    namesake = a_user("alice", "research", issuer="corp")

    assert plan(namesake).name == "corp+alice"
    assert plan(namesake).tags["issuer"] == "corp"


@pytest.mark.parametrize("seconds", [900, 1800, 3600])
def test_a_duration_sts_allows_is_kept(seconds: int):
    assert plan(seconds=seconds).duration == timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [899, 3601, 0, -1, 10**19])
def test_a_duration_sts_would_refuse_is_refused_not_bent(seconds: int):
    with pytest.raises(DurationOutOfRangeError, match="between 900 and 3600"):
        plan(seconds=seconds)


def test_a_function_may_bound_its_sessions_further():
    brief = a_function("brief", "everyone", longest=1200)

    kept = plan_session(ALICE, brief, 1200, grant_id="g", issued=NOON)

    assert kept.duration == timedelta(seconds=1200)
    with pytest.raises(DurationOutOfRangeError, match="between 900 and 1200"):
        plan_session(ALICE, brief, 1201, grant_id="g", issued=NOON)


def test_without_a_duration_it_is_the_longest_that_the_function_allows():
    brief = a_function("brief", "everyone", longest=1200)

    bounded = plan_session(ALICE, brief, None, grant_id="g", issued=NOON)

    assert plan(seconds=None).duration == LONGEST
    assert bounded.duration == timedelta(seconds=1200)


def test_a_plan_for_anothers_function_is_refused():
    assert plan(ALICE).function == REPORT
    with pytest.raises(FunctionNotAvailableError):
        plan(BOB)


def test_one_group_in_common_is_enough_and_none_is_too_few():
    assert may_call(ALICE, REPORT)
    assert not may_call(BOB, REPORT)
    assert not may_call(a_user("carol"), HELLO)
    assert not may_call(ALICE, a_function("nobodys"))


def test_a_function_is_chosen_by_its_name():
    assert choose_function(ALICE, [HELLO, REPORT], "report") == REPORT


def test_the_name_may_be_left_out_where_one_function_is_in_reach():
    assert choose_function(BOB, [HELLO, REPORT], None) == HELLO
    with pytest.raises(FunctionNotNamedError):
        choose_function(ALICE, [HELLO, REPORT], None)


@pytest.mark.parametrize("name", ["report", "nonesuch", ""])
def test_anothers_function_and_none_at_all_look_the_same(name: str):
    with pytest.raises(FunctionNotAvailableError) as caught:
        choose_function(BOB, [HELLO, REPORT], name)

    assert str(caught.value) == ""


def test_somebody_without_functions_has_none_by_default_either():
    with pytest.raises(FunctionNotAvailableError):
        choose_function(a_user("carol"), [HELLO, REPORT], None)
