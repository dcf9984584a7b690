"""Stacks beside the project's own, in one account."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aikagi_emulator.aws.resource_tags import FunctionTags
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.function_urls import names_of
from aikagi_emulator.launcher.ports import Ports, origin
from aikagi_emulator.launcher.project import Project
from aikagi_emulator.launcher.templates import read_templates
from aikagi_emulator.template import Stack, TemplateError

HEAD = "Transform: AWS::Serverless-2016-10-31\n"
FUNCTION = """
  Greeting:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: greeting.handler
      Runtime: python3.13
      FunctionUrlConfig: {AuthType: AWS_IAM}
"""
OWN = f"""{HEAD}
Parameters:
  Size: {{Type: String, Default: large}}
  Colour: {{Type: String, Default: red}}
Resources: {FUNCTION}
  Entry:
    Type: AWS::SSM::Parameter
    Properties:
      Name: /names/greeting
      Type: String
      Value: !GetAtt GreetingUrl.FunctionUrl
Outputs:
  Path: {{Value: /names/}}
  Colour: {{Value: blue}}
"""
OTHER = f"""{HEAD}
Parameters:
  Path: {{Type: String}}
  Colour: {{Type: String, Default: green}}
  Size: {{Type: String, Default: tiny}}
  Shape: {{Type: String, Default: round}}
Resources: {FUNCTION}
  Entry:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "${{Path}}salute"
      Type: String
      Value: !Sub "${{GreetingUrl.FunctionUrl}} ${{Colour}} ${{Size}} ${{Shape}}"
"""

Read = Callable[..., Stack]


@pytest.fixture
def read(tmp_path: Path, ports: Ports) -> Read:
    def reader(own: str = OWN, **others: str) -> Stack:
        for name, text in {"own": own, **others}.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        project = Project(
            template=tmp_path / "own.yaml",
            parameters={"Size": "small", "Colour": "yellow"},
            stacks={name: tmp_path / f"{name}.yaml" for name in others},
        )
        return read_templates(project, ports)

    return reader


def test_a_parameter_has_the_value_of_an_output_or_a_parameter_of_the_project(
    read: Read, ports: Ports
):
    stack = read(other=OTHER)

    second = f"{origin(ports.function(1))}/"
    entry = stack.resources["other/Entry"]
    assert (entry.ref, entry.properties["Value"]) == (
        "/names/salute",
        f"{second} blue small round",
    )
    assert names_of(stack, "/names/") == {
        "greeting": f"{origin(ports.function(0))}/",
        "salute": second,
    }
    # Without an entry, neither is taken for the other.
    assert list(names_of(stack, None)) == ["Greeting", "other/Greeting"]


def test_each_stack_has_names_and_a_stack_id_of_its_own(read: Read):
    stack = read(other=OTHER, third=OTHER.replace("salute", "third"))

    functions = stack.of_type("AWS::Lambda::Function")
    tags = FunctionTags(stack)
    ids = [
        tags.context(function.attributes["Arn"])[
            "aws:ResourceTag/aws:cloudformation:stack-id"
        ]
        for function in functions
    ]
    assert [function.stack_name for function in functions] == [
        "local",
        "other",
        "third",
    ]
    assert len({function.ref for function in functions}) == 3
    assert ids[0] == stack.stack_id
    assert len(set(ids)) == 3


def test_a_name_that_is_taken_is_refused_as_an_account_would(
    read: Read, tmp_path: Path
):
    with pytest.raises(
        LaunchError,
        match=r"other\.yaml, the stack other: Entry is called /names/greeting, as "
        "Entry of the stack local",
    ):
        read(other=OTHER.replace("salute", "greeting"))


def test_what_is_wrong_with_a_template_is_said_with_its_file(read: Read):
    with pytest.raises(
        LaunchError, match=r"other\.yaml, the stack other: Parameter Path"
    ):
        read(OWN.replace("  Path:", "  Elsewhere:"), other=OTHER)
    with pytest.raises(TemplateError, match="no parameter Size"):
        read(OWN.replace("  Size:", "  Length:"), other=OTHER)


def test_the_projects_own_stack_has_no_namesake(read: Read):
    with pytest.raises(LaunchError, match="own stack has this name"):
        read(local=OTHER)


def test_an_http_api_of_another_stack_is_refused(read: Read):
    api = "      Events: {All: {Type: HttpApi}}\n"
    with_api = OTHER.replace("      Handler", f"{api}      Handler")

    with pytest.raises(LaunchError, match="is an HTTP API"):
        read(other=with_api)


def test_the_templates_of_a_project_are_its_own_and_then_the_others(tmp_path: Path):
    project = Project(template=tmp_path / "a", stacks={"b": tmp_path / "b"})

    assert project.templates == (tmp_path / "a", tmp_path / "b")
    assert replace(project, stacks={}).templates == (tmp_path / "a",)
