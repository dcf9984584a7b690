from pathlib import Path

import pytest

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.parameter_file import read_parameters

SAMCONFIG = """
version = 0.1
[default.global.parameters]
parameter_overrides = "Size=1 Kind=small"
[default.deploy.parameters]
stack_name = "trial"
parameter_overrides = {}
[other.deploy.parameters]
parameter_overrides = "Size=9"
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("samconfig.toml", SAMCONFIG.format("'Size=\"2 or 3\" Kind=a=b'")),
        ("samconfig.toml", SAMCONFIG.format('["Size=2 or 3", "Kind=a=b"]')),
        (
            "samconfig.toml",
            SAMCONFIG.format(
                '\'ParameterKey=Size,ParameterValue="2 or 3" Kind="a=b"\''
            ),
        ),
        ("given.json", '{"Size": "2 or 3", "Kind": "a=b"}'),
        (
            "given.json",
            """[{"ParameterKey": "Size", "ParameterValue": "2 or 3"},
                {"ParameterKey": "Kind", "ParameterValue": "a=b"}]""",
        ),
    ],
)
def test_parameters_are_read_as_sam_and_the_aws_cli_write_them(
    tmp_path: Path, name: str, text: str
):
    path = tmp_path / name
    path.write_text(text)

    assert read_parameters(path) == {"Size": "2 or 3", "Kind": "a=b"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("samconfig.toml", "["),
        ("samconfig.toml", SAMCONFIG.format("'Size'")),
        ("samconfig.toml", SAMCONFIG.format("3")),
        ("given.json", "["),
        ("given.json", "3"),
        ("given.json", "[{}]"),
    ],
)
def test_a_file_without_them_is_named(tmp_path: Path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(LaunchError, match=f"{name} holds no parameters that can be"):
        read_parameters(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(LaunchError, match="cannot be read"):
        read_parameters(tmp_path / "samconfig.toml")
