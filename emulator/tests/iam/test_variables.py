import time

import pytest

from aikagi_emulator.iam import PolicyError
from aikagi_emulator.iam.variables import Template, arn_fields, matches, text_of

FACTS: dict[str, str | tuple[str, ...]] = {
    "aws:principaltag/user": "alice",
    "aws:principaltag/star": "a*",
    "aws:principaltag/empty": "",
    "aws:tagkeys": ("a", "b"),
    "aws:principalarn": "arn:aws:iam::123456789012:role/r",
}


def like(pattern: str, value: str) -> bool:
    runs = Template.parse(pattern).resolve(FACTS)
    return runs is not None and matches(runs, value)


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        pytest.param("abc", "abc", True, id="equal"),
        pytest.param("abc", "ABC", False, id="case counts"),
        pytest.param("a.c", "abc", False, id="a dot is a dot"),
        pytest.param("*", "", True, id="star, nothing"),
        pytest.param("*", "a:b/c\nd", True, id="star, anything"),
        pytest.param("a*c", "ac", True, id="star inside, nothing"),
        pytest.param("a*c", "abcbc", True, id="star inside"),
        pytest.param("a*c", "abcd", False, id="the end counts"),
        pytest.param("*b*b*", "abcb", True, id="several stars"),
        pytest.param("*ab", "aab", True, id="overlap"),
        pytest.param("a*a", "a", False, id="no character twice"),
        pytest.param("a*?b", "ab", False, id="star and question mark"),
        pytest.param("a?c", "abc", True, id="question mark"),
        pytest.param("a?c", "ac", False, id="exactly one"),
        pytest.param("", "", True, id="empty"),
        pytest.param("", "a", False, id="empty is not all"),
        pytest.param("[a-z]", "b", False, id="no other wildcards"),
    ],
)
def test_a_pattern_has_two_wildcards(pattern: str, value: str, expected: bool):
    assert like(pattern, value) is expected


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        pytest.param("${aws:PrincipalTag/user}", "alice", id="a tag"),
        pytest.param("a/${AWS:principaltag/USER}/b", "a/alice/b", id="case of a key"),
        pytest.param("${aws:PrincipalTag/empty}", "", id="an empty value"),
        pytest.param("${aws:PrincipalTag/no, 'x'}", "x", id="a default"),
        pytest.param("${aws:PrincipalTag/no,''}", "", id="an empty default"),
        pytest.param("${aws:PrincipalTag/no, '}{'}", "}{", id="braces in a default"),
        pytest.param("${aws:PrincipalTag/user, 'x'}", "alice", id="default not needed"),
        pytest.param("${*}${?}${$}{x}", "*?${x}", id="escapes"),
        pytest.param("$x {y} $", "$x {y} $", id="lone signs"),
        pytest.param("", "", id="empty"),
    ],
)
def test_variables_are_replaced(text: str, resolved: str):
    runs = Template.parse(text).resolve(FACTS)

    assert runs is not None
    assert text_of(runs) == resolved


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a${aws:PrincipalTag/no}", id="absent"),
        pytest.param("${aws:TagKeys}", id="multivalued"),
        pytest.param("${aws:TagKeys, 'a'}", id="multivalued, default or not"),
    ],
)
def test_a_variable_without_one_value_resolves_to_nothing(text: str):
    assert Template.parse(text).resolve(FACTS) is None


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        pytest.param("${aws:PrincipalTag/star}", "a*", True, id="a value is literal"),
        pytest.param("${aws:PrincipalTag/star}", "abc", False, id="and never wild"),
        pytest.param("${aws:PrincipalTag/star}*", "a*c", True, id="but beside it"),
        pytest.param("${*}", "x", False, id="an escape is literal"),
        pytest.param("${aws:PrincipalTag/no, '*'}", "x", False, id="a default too"),
        pytest.param("x${aws:PrincipalTag/empty}*", "xy", True, id="empty, then star"),
    ],
)
def test_a_wildcard_from_a_variable_is_only_a_character(
    pattern: str,
    value: str,
    expected: bool,
):
    assert like(pattern, value) is expected


@pytest.mark.parametrize(
    "text",
    ["${", "${}", "${a", "${user}", "${a:b,c}", "${a:${b:c}}", "${a:b, 'x}", "${ }"],
)
def test_what_looks_like_a_variable_must_be_one(text: str):
    with pytest.raises(PolicyError, match=r"begins no variable|names no condition key"):
        Template.parse(text)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        pytest.param("a:b:c:d:e:f", list("abcdef"), id="six"),
        pytest.param("a:b:c:d:e:f:g:h", [*"abcde", "f:g:h"], id="more in the last"),
        pytest.param("::::: ", ["", "", "", "", "", " "], id="empty ones"),
        pytest.param("a:b:c:d:e", None, id="five"),
        pytest.param(
            "${aws:PrincipalArn}x",
            ["arn", "aws", "iam", "", "123456789012", "role/rx"],
            id="from a variable",
        ),
    ],
)
def test_an_arn_has_six_fields(text: str, fields: list[str] | None):
    runs = Template.parse(text).resolve(FACTS)
    assert runs is not None

    found = arn_fields(runs)

    assert (found and [text_of(field) for field in found]) == fields


def test_a_pattern_of_many_stars_fails_at_once():
    started = time.perf_counter()

    found = like("*a" * 40 + "b", "a" * 5000)

    assert not found
    assert time.perf_counter() - started < 1
