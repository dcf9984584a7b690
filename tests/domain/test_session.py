"""The access policy, tested with nothing but values."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from app.adapters.catalogue_entry import MOST_SOURCE_NETWORKS
from app.domain.catalogue import Catalogue, Function
from app.domain.errors import (
    DurationOutOfRangeError,
    FunctionNotAvailableError,
    FunctionNotNamedError,
    TokenRejectedError,
)
from app.domain.identity import User
from app.domain.session import (
    CLAIM_TAGS_SIZE,
    LONGEST,
    USUAL,
    SessionPlan,
    SessionRequest,
    choose_function,
    may_call,
    plan_session,
)
from tests.fakes import NOON, a_function, a_user

ALICE = a_user("alice", "everyone", "research")
BOB = a_user("bob", "everyone")
HELLO = a_function("hello", "everyone")
REPORT = a_function("report", "research")
CATALOGUE = Catalogue([HELLO, REPORT])


def plan(
    user: User = ALICE,
    seconds: int | None = 900,
    function: Function = REPORT,
    **options: Any,
) -> SessionPlan:
    asked = SessionRequest(duration_seconds=seconds)
    return plan_session(
        user, function, asked, **{"grant_id": "g-1", "now": NOON, **options}
    )


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
    assert len(plan(seconds=15).policy) < 2048 / 2


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


# How long


@pytest.mark.parametrize("seconds", [900, 1800, 3600])
def test_a_duration_sts_allows_is_that_of_the_session(seconds: int):
    planned = plan(seconds=seconds)

    assert planned.duration == planned.session_duration == timedelta(seconds=seconds)
    assert planned.ends_at is None


@pytest.mark.parametrize("seconds", [15, 30, 899])
def test_a_shorter_one_ends_by_the_policy_of_a_session_that_lasts_longer(seconds: int):
    planned = plan(seconds=seconds)

    ends_at = NOON.replace(microsecond=0) + timedelta(seconds=seconds)
    assert planned.ends_at == ends_at
    assert planned.duration == timedelta(seconds=seconds)
    assert planned.session_duration == timedelta(seconds=900)
    for statement in json.loads(planned.policy)["Statement"]:
        assert statement["Condition"]["DateLessThan"] == {
            "aws:CurrentTime": f"{ends_at:%Y-%m-%dT%H:%M:%S}Z"
        }


@pytest.mark.parametrize("seconds", [14, 3601, 0, -1, 10**19])
def test_a_duration_out_of_range_is_refused_not_bent(seconds: int):
    with pytest.raises(DurationOutOfRangeError, match="between 15 and 3600"):
        plan(seconds=seconds)


@pytest.mark.parametrize("longest", [60, 1200])
def test_a_function_may_bound_its_sessions_further(longest: int):
    brief = a_function("brief", "everyone", longest=longest)

    assert plan(ALICE, longest, brief).duration == timedelta(seconds=longest)
    with pytest.raises(DurationOutOfRangeError, match=f"between 15 and {longest}"):
        plan(ALICE, longest + 1, brief)


@pytest.mark.parametrize("longest", [60, 1200])
def test_without_a_duration_it_is_the_default_or_the_longest_there_can_be(longest: int):
    brief = a_function("brief", "everyone", longest=longest)

    assert plan(seconds=None).duration == LONGEST
    assert plan(seconds=None, function=brief).duration == timedelta(seconds=longest)
    usual = SessionRequest(default_duration=USUAL)
    assert plan_session(
        ALICE, brief, usual, grant_id="g-1", now=NOON
    ).duration == timedelta(seconds=min(900, longest))


def logged_in_for(seconds: float) -> User:
    return replace(ALICE, login_ends_at=NOON + timedelta(seconds=seconds))


def test_a_grant_may_be_bound_to_the_end_of_its_login():
    soon_over = logged_in_for(1000)

    assert plan(soon_over, None).duration == LONGEST
    for after, longest in [(0, 1000), (60, 1060), (3600, 3600)]:
        for seconds in (None, longest):
            bounded = plan(soon_over, seconds, seconds_after_login=after)
            assert bounded.duration == timedelta(seconds=longest)
        with pytest.raises(DurationOutOfRangeError, match=f"between 15 and {longest}"):
            plan(soon_over, longest + 1, seconds_after_login=after)


@pytest.mark.parametrize("left", [14.9, 0, -100])
def test_a_login_that_ends_too_soon_for_a_grant_is_over(left: float):
    shortest = plan(logged_in_for(15), None, seconds_after_login=0)
    assert shortest.duration == timedelta(seconds=15)

    with pytest.raises(TokenRejectedError):
        plan(logged_in_for(left), None, seconds_after_login=0)


# What revocation finds sessions by


def test_a_session_is_issued_when_its_user_was_read_not_later():
    read_before = replace(ALICE, read_at=NOON - timedelta(seconds=2))

    assert plan(read_before).issued == int(NOON.timestamp()) - 2


def test_a_session_after_a_revocation_is_never_issued_before_it():
    soon = int(NOON.timestamp()) + 3

    assert plan(replace(ALICE, read_at=NOON, valid_from=soon)).issued == soon


# Tags out of attributes


def test_attributes_become_tags_in_their_order():
    user = replace(ALICE, attributes={"team": "blue", "department": "Forschung 3"})

    assert plan(user).claim_tags == (
        ("claim.team", "blue"),
        ("claim.department", "Forschung 3"),
    )
    assert plan(user).tags == plan().tags


def test_attributes_are_left_out_from_the_first_that_there_is_no_room_for():
    room = CLAIM_TAGS_SIZE - len("claim.aclaim.bclaim.c")
    fitting = {"a": "x" * (room - 1), "b": "y", "c": "", "d": ""}

    assert [key for key, _ in plan(replace(ALICE, attributes=fitting)).claim_tags] == [
        "claim.a",
        "claim.b",
        "claim.c",
    ]
    too_long = {**fitting, "b": "yy"}
    assert [key for key, _ in plan(replace(ALICE, attributes=too_long)).claim_tags] == [
        "claim.a",
        "claim.b",
    ]


# What two sessions have in common


def test_sessions_that_differ_in_nothing_but_grant_and_moment_are_alike():
    later = NOON + timedelta(seconds=5)

    for seconds in (15, 900):
        other = plan(seconds=seconds, grant_id="g-2", now=later)
        assert plan(seconds=seconds).reuse_key == other.reuse_key


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"user": a_user("carol", "research")}, id="another person"),
        pytest.param(
            {"user": a_user("alice", "research", issuer="corp")}, id="a namesake"
        ),
        pytest.param({"function": a_function("other", "research")}, id="function"),
        pytest.param({"function": replace(REPORT, arn=HELLO.arn)}, id="ARN"),
        pytest.param({"function": replace(REPORT, role_arn="another")}, id="role"),
        pytest.param({"seconds": 901}, id="duration"),
        pytest.param({"seconds": 899}, id="duration by the policy"),
        pytest.param({"user": replace(ALICE, attributes={"a": "b"})}, id="attribute"),
    ],
)
def test_sessions_that_differ_in_anything_else_are_not(other: dict[str, Any]):
    assert plan().reuse_key == plan().reuse_key
    assert plan(**other).reuse_key != plan().reuse_key


# Who may call what


def test_a_plan_for_anothers_function_is_refused():
    assert plan(ALICE).function == REPORT
    with pytest.raises(FunctionNotAvailableError):
        plan(BOB)


def test_one_group_in_common_is_enough_and_none_is_too_few():
    assert may_call(ALICE, REPORT)
    assert not may_call(BOB, REPORT)
    assert not may_call(a_user("carol"), HELLO)
    assert not may_call(ALICE, a_function("nobodys"))


@pytest.mark.parametrize(
    ("attributes", "has_them"),
    [
        pytest.param({"dept": "legal", "site": "oslo"}, True, id="both"),
        pytest.param({"dept": "research", "site": "oslo"}, True, id="another value"),
        pytest.param(
            {"dept": "legal", "site": "oslo", "x": "y"}, True, id="one more than asked"
        ),
        pytest.param({"dept": "legal"}, False, id="one of two"),
        pytest.param({"dept": "sales", "site": "oslo"}, False, id="not allowed"),
        pytest.param({"dept": "Legal", "site": "oslo"}, False, id="another case"),
        pytest.param({"dept": "legal ", "site": "oslo"}, False, id="a space more"),
        pytest.param({"dept": "", "site": "oslo"}, False, id="empty"),
        pytest.param({"Dept": "legal", "site": "oslo"}, False, id="another name"),
        pytest.param({}, False, id="none"),
    ],
)
def test_each_required_claim_has_an_allowed_value(
    attributes: Mapping[str, str], has_them: bool
):
    required = {"dept": frozenset({"legal", "research"}), "site": frozenset({"oslo"})}
    function = replace(REPORT, required_claims=required)
    alice = replace(ALICE, attributes=attributes)

    assert may_call(alice, REPORT)
    assert may_call(alice, function) is has_them
    if has_them:
        assert plan(alice, function=function).function == function
    else:
        with pytest.raises(FunctionNotAvailableError):
            plan(alice, function=function)


def test_claims_let_nobody_in_who_is_in_no_group():
    function = replace(REPORT, required_claims={"dept": frozenset({"legal"})})

    assert not may_call(replace(BOB, attributes={"dept": "legal"}), function)
    assert may_call(replace(ALICE, attributes={"dept": "legal"}), function)


NETWORKS = (ip_network("192.0.2.0/24"), ip_network("2001:db8:1::/48"))
NEAR = replace(REPORT, source_networks=NETWORKS)


def test_a_function_url_can_be_called_from_its_networks_alone():
    url, function = json.loads(plan(function=NEAR).policy)["Statement"]

    assert url["Action"] == "lambda:InvokeFunctionUrl"
    assert url["Condition"] == {
        "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"},
        "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8:1::/48"]},
    }
    # The check behind it, of which nothing says that it sees the address.
    assert function["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


@pytest.mark.parametrize("seconds", [30, 900])
def test_a_session_of_other_networks_is_another_session(seconds: int):
    first, again = (
        plan(function=NEAR, seconds=seconds),
        plan(function=NEAR, seconds=seconds, grant_id="g-2"),
    )
    other = plan(function=replace(NEAR, source_networks=NETWORKS[:1]), seconds=seconds)

    assert first.reuse_key == again.reuse_key
    assert first.reuse_key != other.reuse_key
    assert first.reuse_key != plan(seconds=seconds).reuse_key


LONGEST_ARN = (
    f"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:{'f' * 64}:{'v' * 128}"
)
LONGEST_NETWORKS = tuple(
    ip_network(f"ffff:ffff:ffff:ffff:ffff:ffff:ffff:{number:x}/128")
    for number in range(0xFFFF, 0xFFFF - MOST_SOURCE_NETWORKS, -1)
)


def test_the_longest_policy_is_one_that_sts_takes():
    function = replace(REPORT, arn=LONGEST_ARN, source_networks=LONGEST_NETWORKS)

    assert len(plan(function=function, seconds=30).policy) <= 2048


def test_a_function_is_chosen_by_its_name():
    assert choose_function(ALICE, CATALOGUE, "report") == REPORT


def test_the_name_may_be_left_out_where_one_function_is_in_reach():
    assert choose_function(BOB, CATALOGUE, None) == HELLO
    with pytest.raises(FunctionNotNamedError):
        choose_function(ALICE, CATALOGUE, None)


@pytest.mark.parametrize("name", ["report", "nonesuch", ""])
def test_anothers_function_and_none_at_all_look_the_same(name: str):
    with pytest.raises(FunctionNotAvailableError) as caught:
        choose_function(BOB, CATALOGUE, name)

    assert str(caught.value) == ""


def test_somebody_without_functions_has_none_by_default_either():
    with pytest.raises(FunctionNotAvailableError):
        choose_function(a_user("carol"), CATALOGUE, None)
