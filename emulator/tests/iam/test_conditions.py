"""Condition operators, row by row.

Where AWS's pages leave a case open, an independent simulator was asked.
"""

from collections.abc import Sequence

import pytest

from aikagi_emulator.iam import PolicyError
from aikagi_emulator.iam.conditions import Condition
from aikagi_emulator.iam.context import facts_of

KEY = "aws:K"
ROLE = "arn:aws:iam::123456789012:role/x"

Case = tuple[str, list[str], str | list[str] | None, bool]

STRINGS: list[Case] = [
    ("StringEquals", ["a"], "a", True),
    ("StringEquals", ["a"], "A", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", ["a*"], "ab", False),
    ("StringEquals", ["a*"], "a*", True),
    ("StringEquals", [""], "", True),
    ("StringEquals", ["a"], "", False),
    ("StringNotEquals", ["a"], "b", True),
    ("StringNotEquals", ["a"], "a", False),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", ["a", "b"], "c", True),
    ("StringNotEquals", [""], "a", True),
    ("StringEqualsIgnoreCase", ["aB"], "Ab", True),
    ("StringEqualsIgnoreCase", ["ab"], "ac", False),
    ("StringNotEqualsIgnoreCase", ["aB"], "Ab", False),
    ("StringNotEqualsIgnoreCase", ["ab"], "ac", True),
    ("StringLike", ["a*"], "ab", True),
    ("StringLike", ["?*+?*"], "local+alice", True),
    ("StringLike", ["?*+?*"], "+alice", False),
    ("StringLike", ["a*"], "b", False),
    ("StringLike", ["a*"], "Ab", False),
    ("StringNotLike", ["a*"], "ab", False),
    ("StringNotLike", ["a*", "c*"], "b", True),
    ("stringequals", ["a"], "a", True),
]
NUMBERS: list[Case] = [
    ("NumericEquals", ["5"], "5.0", True),
    ("NumericEquals", ["5"], "6", False),
    ("NumericNotEquals", ["5"], "6", True),
    ("NumericNotEquals", ["5"], "5", False),
    ("NumericLessThan", ["5"], "4.9", True),
    ("NumericLessThan", ["5"], "5", False),
    ("NumericLessThan", ["10"], "9", True),
    ("NumericLessThanEquals", ["5"], "5", True),
    ("NumericLessThanEquals", ["5"], "5.1", False),
    ("NumericGreaterThan", ["5"], "6", True),
    ("NumericGreaterThan", ["5"], "5", False),
    ("NumericGreaterThan", ["-5"], "-4", True),
    ("NumericGreaterThanEquals", ["5"], "5", True),
    ("NumericGreaterThanEquals", ["5"], "4", False),
    ("NumericLessThan", ["5", "10"], "7", True),
]
DATES: list[Case] = [
    ("DateEquals", ["2026-11-23T12:00:00Z"], "2026-11-23T12:00:00Z", True),
    ("DateEquals", ["2026-11-23T21:00:00+09:00"], "2026-11-23T12:00:00Z", True),
    ("DateEquals", ["2026-11-23T07:30:00-0430"], "2026-11-23T12:00:00Z", True),
    ("DateEquals", ["1795435200"], "2026-11-23T12:00:00Z", True),
    ("DateEquals", ["2026-11-23"], "2026-11-23T00:00Z", True),
    ("DateEquals", ["2026-11"], "2026-11-01T00:00:00.0Z", True),
    ("DateNotEquals", ["2026-11-23"], "2026-11-24", True),
    ("DateNotEquals", ["2026-11-23"], "2026-11-23", False),
    ("DateLessThan", ["2026-11-23T12:00:00Z"], "2026-11-23T11:59:59Z", True),
    ("DateLessThan", ["2026-11-23T12:00:00Z"], "2026-11-23T12:00:00Z", False),
    ("DateLessThan", ["2026-11-23T12:00:00.5Z"], "2026-11-23T12:00:00Z", True),
    ("DateLessThanEquals", ["2026-11-23T12:00:00Z"], "2026-11-23T12:00:00Z", True),
    ("DateLessThanEquals", ["2026-11-23T12:00:00Z"], "2026-11-23T12:00:01Z", False),
    ("DateGreaterThan", ["2026-11-23"], "2026-11-24", True),
    ("DateGreaterThan", ["2026-11-23"], "2026-11-23", False),
    ("DateGreaterThanEquals", ["2026-11-23"], "2026-11-23", True),
    ("DateGreaterThanEquals", ["2026-11-23"], "2026-11-22", False),
]
OTHERS: list[Case] = [
    ("Bool", ["true"], "true", True),
    ("Bool", ["true"], "false", False),
    ("Bool", ["True"], "TRUE", True),
    ("Bool", ["false"], "false", True),
    ("BinaryEquals", ["QmluYXJ5"], "QmluYXJ5", True),
    ("BinaryEquals", ["QmluYXJ5"], "QmluYXJ6", False),
    ("IpAddress", ["203.0.113.0/24"], "203.0.113.9", True),
    ("IpAddress", ["203.0.113.77/24"], "203.0.113.9", True),
    ("IpAddress", ["203.0.113.9"], "203.0.113.9", True),
    ("IpAddress", ["203.0.113.0/24"], "203.0.114.9", False),
    ("IpAddress", ["2001:db8::/32"], "2001:db8::1", True),
    ("IpAddress", ["203.0.113.0/24", "2001:db8::/32"], "2001:db8::1", True),
    ("IpAddress", ["203.0.113.0/24"], "2001:db8::1", False),
    ("NotIpAddress", ["203.0.113.0/24"], "203.0.113.9", False),
    ("NotIpAddress", ["203.0.113.0/24"], "203.0.114.9", True),
    ("NotIpAddress", ["203.0.113.0/24"], "2001:db8::1", True),
    ("ArnEquals", [ROLE], ROLE, True),
    ("ArnEquals", ["arn:aws:iam::*:role/*"], ROLE, True),
    ("ArnLike", ["arn:aws:iam::*:role/?"], ROLE, True),
    ("ArnLike", ["arn:aws:iam::*:user/x"], ROLE, False),
    ("ArnLike", ["arn:aws:*:*:*:x"], "arn:aws:a:b:c:d:x", False),
    ("ArnLike", ["arn:aws:*:*:*:*x"], "arn:aws:a:b:c:d:x", True),
    ("ArnLike", ["arn:aws:*:role/x:*:*"], ROLE, False),
    ("ArnNotEquals", [ROLE], ROLE, False),
    ("ArnNotLike", ["arn:aws:iam::*:user/*"], ROLE, True),
    ("ArnNotLike", ["arn:aws:iam::*:role/*"], ROLE, False),
]
ABSENT: list[Case] = [
    ("StringEquals", ["a"], None, False),
    ("StringLike", ["*"], None, False),
    ("StringNotEquals", ["a"], None, True),
    ("StringNotLike", ["*"], None, True),
    ("NumericLessThan", ["5"], None, False),
    ("NumericNotEquals", ["5"], None, True),
    ("DateGreaterThan", ["2026-11-23"], None, False),
    ("DateNotEquals", ["2026-11-23"], None, True),
    ("Bool", ["false"], None, False),
    ("BinaryEquals", ["QQ=="], None, False),
    ("IpAddress", ["0.0.0.0/0"], None, False),
    ("NotIpAddress", ["0.0.0.0/0"], None, True),
    ("ArnLike", ["arn:*:*:*:*:*"], None, False),
    ("ArnNotLike", ["arn:*:*:*:*:*"], None, True),
    ("StringEqualsIfExists", ["a"], None, True),
    ("BoolIfExists", ["true"], None, True),
    ("NumericLessThanIfExists", ["5"], None, True),
    ("StringNotEqualsIfExists", ["a"], None, True),
    ("StringEquals", ["a"], [], False),
    ("StringEqualsIfExists", ["a"], [], True),
]
PRESENT_IF_EXISTS: list[Case] = [
    ("StringEqualsIfExists", ["a"], "a", True),
    ("StringEqualsIfExists", ["a"], "b", False),
    ("boolifexists", ["true"], "false", False),
    ("StringNotEqualsIfExists", ["a"], "a", False),
]
NULLS: list[Case] = [
    ("Null", ["true"], None, True),
    ("Null", ["true"], "a", False),
    ("Null", ["false"], None, False),
    ("Null", ["false"], "a", True),
    ("Null", ["false"], "", True),
    ("Null", ["TRUE"], [], True),
    ("Null", ["false"], ["a"], True),
    ("Null", ["true", "false"], "a", True),
]
SETS: list[Case] = [
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a"], None, True),
    ("ForAllValues:StringEquals", ["a"], [], True),
    ("ForAllValues:StringEquals", ["a"], [""], True),
    ("ForAllValues:StringEquals", ["a"], "a", True),
    ("ForAllValues:StringEquals", ["a"], "b", False),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], False),
    ("ForAllValues:StringNotEquals", ["a"], None, True),
    ("ForAllValues:StringLike", ["a*"], ["ab", "ac"], True),
    ("ForAllValues:StringLike", ["a*"], ["ab", "ba"], False),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], False),
    ("ForAnyValue:StringEquals", ["a"], None, False),
    ("ForAnyValue:StringEquals", ["a"], [], False),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAnyValue:StringNotEquals", ["a"], ["a"], False),
    ("ForAnyValue:StringNotEquals", ["a"], None, False),
    ("ForAnyValue:StringNotEquals", ["a"], [""], False),
    ("ForAnyValue:StringEqualsIfExists", ["a"], None, False),
    ("ForAllValues:StringEqualsIfExists", ["a"], None, True),
    ("ForAllValues:StringEqualsIfExists", ["a"], ["b"], False),
    ("foranyvalue:stringequals", ["a"], ["a"], True),
    ("ForAllValues:NumericLessThan", ["5"], ["1", "4"], True),
    ("ForAnyValue:IpAddress", ["10.0.0.0/8"], ["9.9.9.9", "10.0.0.1"], True),
]
MULTIVALUED_WITHOUT_A_SET: list[Case] = [
    ("StringEquals", ["a"], ["a"], False),
    ("StringEquals", ["a"], ["a", "b"], False),
    ("StringNotEquals", ["a"], ["b"], False),
    ("StringNotEquals", ["a"], ["b", "c"], False),
    ("StringLikeIfExists", ["*"], ["a", "b"], False),
]
MALFORMED: list[Case] = [
    ("NumericEquals", ["five"], "five", False),
    ("NumericEquals", ["5"], "five", False),
    ("NumericNotEquals", ["5"], "five", False),
    ("NumericNotEquals", ["five"], "5", False),
    ("NumericLessThan", ["5"], "-inf", False),
    ("NumericLessThan", ["5"], "NaN", False),
    ("NumericEquals", ["10"], "1e1", False),
    ("NumericEquals", ["10"], "1_0", False),
    ("NumericLessThan", ["5"], "\N{ARABIC-INDIC DIGIT ONE}", False),
    ("NumericLessThan", ["5"], "", False),
    ("NumericGreaterThan", ["5"], "9" * 5000, True),
    ("DateLessThan", ["2026-11-23"], "yesterday", False),
    ("DateNotEquals", ["2026-11-23"], "yesterday", False),
    ("DateEquals", ["2026-02-30"], "2026-02-30", False),
    ("DateEquals", ["2026-11-00"], "2026-11-01", False),
    ("DateEquals", ["2026-11-23T25:00:00Z"], "2026-11-24T01:00:00Z", False),
    ("DateEquals", ["2026-11-23T12:00:00"], "2026-11-23T12:00:00Z", False),
    ("DateLessThan", ["999999999999"], "2026-11-23", False),
    ("DateGreaterThan", ["0001-01-01T00:00:00+23:59"], "2026-11-23", False),
    ("Bool", ["true"], "yes", False),
    ("Bool", ["yes"], "yes", False),
    ("BinaryEquals", ["*"], "*", False),
    ("BinaryEquals", ["QQ=="], "Q", False),
    ("IpAddress", ["203.0.113.0/24"], "here", False),
    ("NotIpAddress", ["203.0.113.0/24"], "here", False),
    ("IpAddress", ["203.0.113.0/33"], "203.0.113.1", False),
    ("NotIpAddress", ["somewhere"], "203.0.113.1", False),
    ("ArnLike", ["arn:*:*:*:*:*"], "no ARN", False),
    ("ArnNotLike", ["arn:aws:iam::*:role/*"], "no ARN", False),
]
UNRESOLVED: list[Case] = [
    ("StringEquals", ["${aws:None}"], "${aws:None}", False),
    ("StringEquals", ["${aws:None}", "a"], "a", True),
    ("StringNotEquals", ["${aws:None}"], "a", False),
    ("StringNotLike", ["${aws:None}*", "b"], "a", False),
    ("StringEquals", ["${aws:None, 'a'}"], "a", True),
    ("StringEquals", ["${aws:Other}"], "other", True),
    ("StringNotEquals", ["${aws:Other}"], "other", False),
    ("StringLike", ["${aws:Other}*"], "others", True),
    ("ArnLike", ["arn:aws:iam::*:role/${aws:Other}"], f"{ROLE[:-1]}other", True),
    ("ArnNotLike", ["arn:aws:iam::*:role/${aws:None}"], ROLE, False),
    ("ArnEquals", ["${aws:Arn}"], ROLE, True),
    ("NumericEquals", ["${aws:Five}"], "5", False),
]
NO_VALUES: list[Case] = [
    ("StringEquals", [], "a", False),
    ("StringNotEquals", [], "a", True),
    ("ForAllValues:StringEquals", [], ["a"], False),
    ("ForAllValues:StringEquals", [], None, True),
]


def named(case: Case) -> str:
    operator, wanted, given, expected = case
    shown = ascii(given)
    return f"{operator} {wanted} {shown[:40]} {expected}"


@pytest.mark.parametrize(
    "case",
    [
        *STRINGS,
        *NUMBERS,
        *DATES,
        *OTHERS,
        *ABSENT,
        *PRESENT_IF_EXISTS,
        *NULLS,
        *SETS,
        *MULTIVALUED_WITHOUT_A_SET,
        *MALFORMED,
        *UNRESOLVED,
        *NO_VALUES,
    ],
    ids=named,
)
def test_a_condition_holds_or_fails_as_documented(case: Case):
    operator, wanted, given, expected = case
    context: dict[str, str | Sequence[str]] = {
        "aws:Other": "other",
        "aws:Five": "5",
        "aws:Arn": ROLE,
    }
    if given is not None:
        context["AWS:k"] = given

    failure = Condition.parse(operator, KEY, tuple(wanted)).failure(facts_of(context))

    assert (failure is None) is expected


@pytest.mark.parametrize(
    ("given", "was"),
    [
        pytest.param({}, "absent", id="absent"),
        pytest.param({KEY: "c"}, "c", id="another"),
        pytest.param({KEY: ["a", "c"]}, "the list [a, c]", id="a list"),
    ],
)
def test_a_failure_says_what_was_wanted_and_what_there_was(
    given: dict[str, str | list[str]], was: str
):
    condition = Condition.parse("StringLike", KEY, ("a*", "${aws:X}"))

    failure = condition.failure(facts_of(given))

    assert failure == f"StringLike aws:K failed: wanted a* or ${{aws:X}}, was {was}"


@pytest.mark.parametrize(
    "operator",
    [
        "StringEqual",
        "StringMatches",
        "",
        "IfExists",
        "NullIfExists",
        "ForAnyValue:Null",
        "ForSomeValues:StringEquals",
        "ForAllValues:",
        "ForAllValues:ForAnyValue:StringEquals",
        "StringEqualsIfExistsIfExists",
        "String Equals",
        "StringEquals\n",
        "BinaryNotEquals",
        "NotBool",
    ],
)
def test_an_unknown_operator_is_named(operator: str):
    with pytest.raises(PolicyError, match="unknown condition operator") as error:
        Condition.parse(operator, KEY, ("a",))

    assert repr(operator) in str(error.value)


@pytest.mark.parametrize("key", ["SourceIp", "", ":x", "aws:", "aws SourceIp:x"])
def test_a_key_has_its_service_before_it(key: str):
    with pytest.raises(PolicyError, match="no service before it"):
        Condition.parse("StringEquals", key, ("a",))


@pytest.mark.parametrize("value", ["", "maybe", "1", "${aws:X}"])
def test_null_knows_two_values(value: str):
    with pytest.raises(PolicyError, match="true or false"):
        Condition.parse("Null", KEY, ("true", value))


@pytest.mark.parametrize(
    "value", ["*", "role/x", "arn:aws:iam::role/x", "", "*:*:*:*:*:*"]
)
def test_an_arn_pattern_has_six_parts(value: str):
    with pytest.raises(PolicyError, match="all six parts"):
        Condition.parse("ArnLike", KEY, (value,))
