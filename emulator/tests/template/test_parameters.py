from typing import Any

import pytest

from aikagi_emulator.template import TemplateError
from aikagi_emulator.template.parameters import values


@pytest.mark.parametrize(
    ("rules", "given", "value"),
    [
        pytest.param({"Type": "String"}, "a, b", "a, b", id="text as given"),
        pytest.param({"Type": "Number"}, "-1.5", "-1.5", id="a number stays text"),
        pytest.param(
            {"Type": "CommaDelimitedList"},
            "a, b ,c",
            ["a", "b", "c"],
            id="a list without its spaces",
        ),
        pytest.param({"Type": "CommaDelimitedList"}, "", [""], id="an empty list"),
        pytest.param({"Type": "String", "Default": "d"}, None, "d", id="a default"),
        pytest.param({"Type": "Number", "Default": 5}, None, "5", id="a number's"),
        pytest.param({"Type": "String", "Default": True}, None, "true", id="truth's"),
        pytest.param({"Type": "String", "Default": "d"}, "", "", id="empty is given"),
        pytest.param(
            {"Type": "String", "AllowedValues": ["a", 1]}, "1", "1", id="an allowed one"
        ),
        pytest.param(
            {"Type": "String", "AllowedPattern": "[a-z]+"}, "abc", "abc", id="matching"
        ),
        pytest.param(
            {"Type": "String", "MinLength": 1, "MaxLength": "2"},
            "ab",
            "ab",
            id="length",
        ),
        pytest.param(
            {"MinValue": 1, "MaxValue": 2, "Type": "Number"}, "2", "2", id="in range"
        ),
    ],
)
def test_a_value_that_keeps_the_rules_is_taken(
    rules: dict[str, Any], given: str | None, value: str | list[str]
):
    assert values({"P": rules}, {} if given is None else {"P": given}) == {"P": value}


@pytest.mark.parametrize(
    ("rules", "given", "complaint"),
    [
        pytest.param(
            {"Type": "Number"}, "1e3", "P cannot be '1e3': it is a Number", id="number"
        ),
        pytest.param(
            {"MinValue": 1, "Type": "Number"}, "x", "it is a Number", id="checked first"
        ),
        pytest.param(
            {"Type": "String", "AllowedValues": ["a", "b"]},
            "c",
            r"P cannot be 'c': allowed are \['a', 'b'\]",
            id="not among the allowed",
        ),
        pytest.param(
            {"Type": "String", "AllowedPattern": "[a-z]+"},
            "abc1",
            "does not match",
            id="the pattern is for the whole value",
        ),
        pytest.param(
            {"Type": "String", "AllowedPattern": "[a-z]+"},
            "abc\n",
            "does not match",
            id="a line end counts",
        ),
        pytest.param(
            {"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+"},
            "a,B",
            "P cannot be 'B'",
            id="the pattern is for each item",
        ),
        pytest.param(
            {"Type": "String", "MinLength": 3}, "ab", "shorter than 3", id="short"
        ),
        pytest.param(
            {"Type": "String", "MaxLength": 1}, "ab", "longer than 1", id="long"
        ),
        pytest.param({"Type": "Number", "MinValue": 3}, "2", "under 3", id="little"),
        pytest.param({"Type": "Number", "MaxValue": 1}, "2", "over 1", id="much"),
        pytest.param(
            {"Type": "String", "MinLength": 3, "ConstraintDescription": "long enough"},
            "ab",
            r"shorter than 3 \(long enough\)",
            id="in the template's own words",
        ),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_with_the_rule(
    rules: dict[str, Any], given: str, complaint: str
):
    with pytest.raises(TemplateError, match=complaint):
        values({"P": rules}, {"P": given})


def test_a_value_that_must_not_be_shown_is_not_shown():
    rules = {"Type": "String", "NoEcho": True, "MinLength": 20}

    with pytest.raises(TemplateError) as caught:
        values({"P": rules}, {"P": "wonderland"})

    assert str(caught.value) == "Parameter P cannot be that: shorter than 20"


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        pytest.param(
            {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a"},
            r"P is of the type AWS::SSM::Parameter::Value<String>",
            id="looked up in an account",
        ),
        pytest.param({"Default": "a"}, "P is of the type None", id="without a type"),
        pytest.param(
            {"Type": "String", "Default": "a", "AllowedFoo": 1},
            "P has AllowedFoo, which the emulator does not model",
            id="with a rule of the future",
        ),
        pytest.param(
            {"Type": "String", "Default": "a", "AllowedPattern": "["},
            r"The AllowedPattern \[ is not a pattern",
            id="with a pattern that is none",
        ),
        pytest.param(
            {"Type": "String"}, "P has no default, and no value", id="without a value"
        ),
        pytest.param(
            {"Type": "String", "Default": ["a"]}, "a list stands", id="a list for text"
        ),
    ],
)
def test_a_parameter_that_is_not_modelled_is_refused(
    rules: dict[str, Any], complaint: str
):
    with pytest.raises(TemplateError, match=complaint):
        values({"P": rules}, {})


def test_a_value_for_no_parameter_is_refused_with_those_there_are():
    declared = {"One": {"Type": "String", "Default": ""}}

    with pytest.raises(TemplateError, match="no parameter Two; it has One"):
        values(declared, {"Two": "x"})
