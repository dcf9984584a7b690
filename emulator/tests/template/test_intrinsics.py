from collections.abc import Mapping
from typing import Any

import pytest

from aikagi_emulator.template import TemplateError
from aikagi_emulator.template.intrinsics import NO_VALUE, Intrinsics


class Names:
    """Three names, two conditions and a mapping."""

    def reference(self, name: str) -> object:
        known = {
            "Text": "hello",
            "List": ["a", "b"],
            "AWS::NoValue": NO_VALUE,
            "Key": "first",
        }
        return self._find(known, name)

    def attribute(self, logical_id: str, attribute: str) -> object:
        return self._find({"Table.Arn": "arn:t"}, f"{logical_id}.{attribute}")

    def condition(self, name: str) -> bool:
        return bool(self._find({"Yes": True, "No": False}, name))

    def mapping(self, name: str) -> Mapping[str, Any]:
        found: dict[str, Any] = {"Map": {"first": {"second": "found"}}}
        return dict(self._find(found, name))

    def _find(self, known: Mapping[str, Any], name: str) -> Any:
        if name not in known:
            raise TemplateError(name)
        return known[name]


@pytest.fixture
def intrinsics() -> Intrinsics:
    return Intrinsics(Names())


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param({"Ref": "Text"}, "hello", id="Ref"),
        pytest.param({"Fn::GetAtt": ["Table", "Arn"]}, "arn:t", id="GetAtt"),
        pytest.param({"Fn::GetAtt": "Table.Arn"}, "arn:t", id="GetAtt in one word"),
        pytest.param({"Fn::Sub": "<${Text}>"}, "<hello>", id="Sub a name"),
        pytest.param({"Fn::Sub": "${Table.Arn}"}, "arn:t", id="Sub an attribute"),
        pytest.param({"Fn::Sub": "${!Text}"}, "${Text}", id="Sub left alone"),
        pytest.param({"Fn::Sub": "$Text {x}"}, "$Text {x}", id="Sub without a place"),
        pytest.param(
            {"Fn::Sub": ["${A}${Text}", {"A": {"Ref": "Text"}}]},
            "hellohello",
            id="Sub its own variables and names",
        ),
        pytest.param(
            {"Fn::Sub": ["${Text}", {"Text": 5}]}, "5", id="Sub its own before names"
        ),
        pytest.param(
            {"Fn::Sub": ["${A}", {"A": "${Text}"}]}, "${Text}", id="Sub once only"
        ),
        pytest.param({"Fn::Join": ["-", ["a", 1, True]]}, "a-1-true", id="Join"),
        pytest.param({"Fn::Join": ["-", {"Ref": "List"}]}, "a-b", id="Join a list"),
        pytest.param(
            {"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}]]}, "a", id="Join nothing"
        ),
        pytest.param({"Fn::Split": [",", "a,,b"]}, ["a", "", "b"], id="Split"),
        pytest.param({"Fn::Select": [1, {"Ref": "List"}]}, "b", id="Select"),
        pytest.param({"Fn::Select": ["0", ["a"]]}, "a", id="Select by text"),
        pytest.param({"Fn::If": ["Yes", "a", {"Ref": "Absent"}]}, "a", id="If"),
        pytest.param({"Fn::If": ["No", {"Ref": "Absent"}, "b"]}, "b", id="If not"),
        pytest.param(
            {"Fn::FindInMap": ["Map", {"Ref": "Key"}, "second"]},
            "found",
            id="FindInMap",
        ),
        pytest.param({"Fn::Base64": "hello"}, "aGVsbG8=", id="Base64"),
        pytest.param(
            {"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]},
            {"b": [1]},
            id="NoValue leaves its entry out",
        ),
        pytest.param(
            {"Condition": {"StringEquals": {"a": "b"}}},
            {"Condition": {"StringEquals": {"a": "b"}}},
            id="a policy's condition is not a condition",
        ),
        pytest.param({"n": 1, "t": True}, {"n": 1, "t": True}, id="scalars stay"),
    ],
)
def test_an_expression_becomes_its_value(
    intrinsics: Intrinsics, expression: object, value: object
):
    assert intrinsics.value(expression) == value


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        pytest.param({"Fn::Cidr": []}, "Fn::Cidr is not modelled", id="unknown"),
        pytest.param({"Fn::Equals": [1, 1]}, "Fn::Equals is not modelled", id="truth"),
        pytest.param(
            {"Ref": "Text", "Other": 1}, "Ref stands beside Other", id="in company"
        ),
        pytest.param({"Fn::GetAtt": ["Table"]}, "Fn::GetAtt wants", id="GetAtt"),
        pytest.param({"Fn::GetAtt": "Table"}, "Fn::GetAtt wants", id="GetAtt a word"),
        pytest.param({"Fn::Sub": ["a"]}, "Fn::Sub wants", id="Sub"),
        pytest.param({"Fn::Sub": "${List}"}, "a list stands where", id="Sub a list"),
        pytest.param({"Fn::Sub": "${Absent}"}, "Absent", id="Sub what is not there"),
        pytest.param(
            {"Fn::Sub": "${AWS::NoValue}"}, "AWS::NoValue stands", id="Sub nothing"
        ),
        pytest.param(
            {"Fn::Join": ["-", "ab"]}, "Fn::Join wants a list", id="Join text"
        ),
        pytest.param(
            {"Fn::Join": ["-", [["a"]]]}, "a list stands where text", id="Join lists"
        ),
        pytest.param({"Fn::Join": ["-"]}, "Fn::Join wants a delim", id="Join"),
        pytest.param({"Fn::Split": ["", "ab"]}, "Fn::Split wants", id="Split by none"),
        pytest.param({"Fn::Select": [2, ["a"]]}, "no item 2 among 1", id="Select far"),
        pytest.param({"Fn::Select": [-1, ["a"]]}, "no item -1", id="Select backwards"),
        pytest.param({"Fn::Select": [0]}, "Fn::Select wants", id="Select"),
        pytest.param({"Fn::If": ["Yes", "a"]}, "Fn::If wants", id="If"),
        pytest.param({"Fn::If": ["Maybe", 1, 2]}, "Maybe", id="If unknown"),
        pytest.param(
            {"Fn::FindInMap": ["Map", "first", "third"]}, "'third'", id="FindInMap"
        ),
        pytest.param(
            {"Fn::FindInMap": ["Map"]}, "FindInMap wants", id="FindInMap short"
        ),
        pytest.param({"Fn::Base64": []}, "a list stands", id="Base64 of a list"),
        pytest.param(
            "{{resolve:ssm:/a}}", "dynamic reference .* is not modelled", id="dynamic"
        ),
        pytest.param(
            {"Fn::Sub": "{{resolve:ssm:${Text}}}"}, "dynamic reference", id="built so"
        ),
    ],
)
def test_an_expression_that_is_not_understood_says_why(
    intrinsics: Intrinsics, expression: object, complaint: str
):
    with pytest.raises(TemplateError, match=complaint):
        intrinsics.value(expression)


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        pytest.param({"Condition": "Yes"}, True, id="another condition"),
        pytest.param({"Fn::Equals": [{"Ref": "Text"}, "hello"]}, True, id="equal"),
        pytest.param({"Fn::Equals": [1, "1"]}, True, id="equal as text"),
        pytest.param({"Fn::Equals": ["a", "A"]}, False, id="not equal"),
        pytest.param({"Fn::Not": [{"Condition": "No"}]}, True, id="not"),
        pytest.param(
            {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False, id="and"
        ),
        pytest.param(
            {"Fn::And": [{"Condition": "Yes"}, {"Condition": "Yes"}]}, True, id="both"
        ),
        pytest.param(
            {"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]}, True, id="or"
        ),
        pytest.param(
            {"Fn::Or": [{"Condition": "No"}, {"Condition": "No"}]}, False, id="neither"
        ),
    ],
)
def test_a_condition_becomes_true_or_false(
    intrinsics: Intrinsics, expression: object, truth: object
):
    assert intrinsics.truth(expression) is truth


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param(True, id="a bare truth"),
        pytest.param("true", id="its name"),
        pytest.param({"Fn::Equals": ["a"]}, id="Equals of one"),
        pytest.param({"Fn::Not": []}, id="Not of nothing"),
        pytest.param({"Fn::Contains": [["a"], "a"]}, id="a rule's function"),
        pytest.param({"Condition": "Yes", "Fn::Not": []}, id="two at once"),
    ],
)
def test_what_is_no_condition_is_refused(intrinsics: Intrinsics, expression: object):
    with pytest.raises(TemplateError, match="is not a condition that is modelled"):
        intrinsics.truth(expression)
