from pathlib import Path

import pytest

from aikagi_emulator.template import TemplateError
from aikagi_emulator.template.document import read

RESOURCES = "Resources: {Table: {Type: AWS::DynamoDB::Table}}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "template.yaml"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("!Ref Table", {"Ref": "Table"}, id="Ref"),
        pytest.param(
            "!GetAtt Table.Stream.Arn",
            {"Fn::GetAtt": ["Table", "Stream.Arn"]},
            id="GetAtt, the first dot divides",
        ),
        pytest.param("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}, id="GetAtt, list"),
        pytest.param("!Sub 'a${B}'", {"Fn::Sub": "a${B}"}, id="Sub"),
        pytest.param(
            "!Sub ['${B}', {B: !Ref C}]",
            {"Fn::Sub": ["${B}", {"B": {"Ref": "C"}}]},
            id="Sub with variables, nested",
        ),
        pytest.param("!Condition C", {"Condition": "C"}, id="Condition"),
        pytest.param(
            "!Transform {Name: X}", {"Fn::Transform": {"Name": "X"}}, id="of a mapping"
        ),
        pytest.param("2012-10-17", "2012-10-17", id="a version is no date"),
        pytest.param("2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z", id="nor a time"),
        pytest.param("10", 10, id="a number"),
        pytest.param("'10'", "10", id="a number in quotes"),
        pytest.param("true", True, id="truth"),
    ],
)
def test_values_are_read_as_cloudformation_reads_them(
    path: Path, written: str, meant: object
):
    path.write_text(f"{RESOURCES}Metadata: {{Value: {written}}}")

    assert read(path)["Metadata"] == {"Value": meant}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(
            "Resources:\n  A: {Type: X}\n  A: {Type: Y}\n",
            "A is there twice",
            id="a resource twice",
        ),
        pytest.param(
            "Resources: {A: {Type: X, Properties: {B: !Sub ['', {C: 1, C: 2}]}}}",
            "C is there twice",
            id="a variable of Sub twice",
        ),
        pytest.param("Resources: [", "is not YAML", id="broken"),
        pytest.param("Resources: {A: !x &a [*a]}", "is not YAML", id="recursive"),
        pytest.param(
            "Metadata: {A: &a {x: 1}, B: {<<: *a}}",
            "CloudFormation merges no mappings",
            id="a merge",
        ),
        pytest.param("[" * 5000, "is not YAML", id="too deep"),
        pytest.param("{? [a] : b}", "cannot be a key", id="a list as a key"),
        pytest.param("- Resources", "it holds no mapping", id="a list"),
        pytest.param("", "it holds no mapping", id="empty"),
        pytest.param("Metadata: {}", "The template has no Resources", id="no resource"),
        pytest.param(
            "Resources: {}", "The template has no Resources", id="an empty one"
        ),
        pytest.param(
            "Resources: []", "Resources is not a mapping", id="a list of them"
        ),
        pytest.param("Resources: {A: b}", "Resources.A is not a mapping", id="a word"),
        pytest.param("Resources: {A: {}}", "A has no Type", id="a resource untyped"),
        pytest.param(
            "Resources: {A: {Type: X, Properties: [1]}}",
            "A.Properties is not a mapping",
            id="properties in a list",
        ),
        pytest.param(
            "Resources: {A: {Type: X, UpdatePolicy: {}, CreationPolicy: {}}}",
            "A has CreationPolicy, UpdatePolicy, which the emulator does not model",
            id="policies of updates",
        ),
        pytest.param(
            f"Rules: {{}}\n{RESOURCES}",
            "The template has Rules, which the emulator does not model",
            id="rules",
        ),
    ],
)
def test_what_is_no_template_is_refused_with_its_reason(
    path: Path, text: str, complaint: str
):
    path.write_text(text)

    with pytest.raises(TemplateError, match=complaint):
        read(path)


def test_a_template_that_is_not_there_is_named(path: Path):
    with pytest.raises(TemplateError, match=r"template\.yaml cannot be read: No such"):
        read(path)


def test_a_template_that_is_not_utf_8_is_refused(path: Path):
    path.write_bytes(b"Metadata: \xff")

    with pytest.raises(TemplateError, match="is not YAML"):
        read(path)


def doubled(lines: int) -> str:
    """Each line stands for the line before it twice."""
    first = "Metadata:\n  a0: &a0 text\n"
    more = (f"  a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, lines))
    return first + "".join(more)


def test_aliases_may_stand_for_as_much_as_a_template_may_hold(path: Path):
    path.write_text(doubled(16) + RESOURCES, encoding="utf-8")

    assert len(read(path)["Metadata"]) == 16


@pytest.mark.parametrize("lines", [20, 1000])
def test_aliases_that_stand_for_more_are_refused(path: Path, lines: int):
    path.write_text(doubled(lines) + RESOURCES, encoding="utf-8")

    with pytest.raises(TemplateError, match="aliases stand for"):
        read(path)
