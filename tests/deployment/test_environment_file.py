"""The operator's file: read strictly, and changed a line at a time."""

import tomllib
from pathlib import Path
from typing import Final

import pytest

from deployment.environment_file import Environment, EnvironmentFile
from deployment.errors import UsageError
from deployment.template_parameters import TemplateParameter

PARAMETERS: Final = {
    name: TemplateParameter(
        name=name, rules={"Default": "", "Description": f"Of {name}."}
    )
    for name in ("Docs", "DocsUrl", "Origins")
}


@pytest.fixture
def file(tmp_path: Path) -> EnvironmentFile:
    return EnvironmentFile(tmp_path / "environments", "staging")


def written(file: EnvironmentFile, text: str) -> EnvironmentFile:
    file.path.parent.mkdir(exist_ok=True)
    file.path.write_text(text)
    return file


def test_without_a_file_an_environment_has_its_stack_and_nothing_else(
    file: EnvironmentFile, tmp_path: Path
):
    assert file.read() == Environment(stack="aikagi-staging")
    assert EnvironmentFile(tmp_path, "default").read() == Environment(stack="aikagi")


def test_a_new_file_says_of_every_parameter_what_it_is_and_gives_none(
    file: EnvironmentFile,
):
    file.create(PARAMETERS)

    assert file.read() == Environment(stack="aikagi-staging")
    for name in PARAMETERS:
        assert f'# Of {name}.\n# {name} = ""\n' in file.path.read_text()


def test_a_file_that_is_there_is_not_made_again(file: EnvironmentFile):
    written(file, "# mine\n").create(PARAMETERS)

    assert file.path.read_text() == "# mine\n"


def test_a_value_goes_where_its_comment_stood_and_everything_else_stays(
    file: EnvironmentFile,
):
    file.create(PARAMETERS)
    before = file.path.read_text()

    file.set("region", "eu-west-1")
    file.set_parameters({"Docs": "false"})

    assert file.path.read_text() == before.replace(
        '# region = "eu-west-1"', 'region = "eu-west-1"'
    ).replace('# Docs = ""', 'Docs = "false"')


def test_a_value_is_replaced_where_it_stands(file: EnvironmentFile):
    written(file, '[parameters]\n# Docs = "old"\nDocs = "true" # mine\nDocsUrl = "x"\n')

    file.set_parameters({"Docs": "false"})

    assert file.path.read_text() == (
        '[parameters]\n# Docs = "old"\nDocs = "false"\nDocsUrl = "x"\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param('stack = "mine"\n\n\n', id="without the section"),
        pytest.param(
            "[parameters] # mine\nDocsUrl = 'x'", id="without a last line's end"
        ),
        pytest.param('[parameters]\nOrigins = ["a",\n  "b"]\n', id="over two lines"),
        pytest.param("  [parameters]\n  Docs='x'\n", id="indented"),
    ],
)
@pytest.mark.parametrize("value", ["false", "", 'a "b" \\ c', "日本\x7f\t", "a,b"])
def test_whatever_is_set_is_what_is_read(file: EnvironmentFile, text: str, value: str):
    written(file, text)
    before = file.read()

    file.set_parameters({"Docs": value})
    file.set("account", "123456789012")

    assert file.read() == Environment(
        stack=before.stack,
        account="123456789012",
        parameters={**before.parameters, "Docs": value},
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("parameters = {Docs = 'true'}\n", id="inline"),
        pytest.param('[parameters]\nDocs = """\ntrue"""\n', id="over several lines"),
        pytest.param('[parameters]\n"Docs" = "true"\n', id="a name in quotes"),
    ],
)
def test_what_cannot_be_changed_line_by_line_is_left_and_told(
    file: EnvironmentFile, text: str
):
    written(file, text)

    with pytest.raises(UsageError, match='yourself: Docs = "false"'):
        file.set_parameters({"Docs": "false"})

    assert file.path.read_text() == text


def test_values_are_texts_numbers_switches_and_lists_of_texts(file: EnvironmentFile):
    written(file, '[parameters]\nA = "x"\nB = 30\nC = false\nD = ["a", "b"]\nE = []\n')

    assert file.read().parameters == {
        "A": "x",
        "B": "30",
        "C": "false",
        "D": "a,b",
        "E": "",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("stack", "is not TOML", id="not TOML"),
        pytest.param('stacks = "x"', "has stacks; what it may have is", id="unknown"),
        pytest.param('stack = "a b"', "stack cannot be 'a b'", id="no name"),
        pytest.param('region = "Tokyo"', "a Region, such as eu-west-1", id="no Region"),
        pytest.param("account = 123456789012", "the twelve digits", id="a number"),
        pytest.param("[parameters]\nA = 1.5", "is neither a text", id="a fraction"),
        pytest.param("[parameters]\nA = [1]", "is neither a text", id="a list of more"),
        pytest.param("parameters = 1", "is not a section", id="no section"),
    ],
)
def test_a_file_that_says_something_else_is_refused_with_its_name(
    file: EnvironmentFile, text: str, sentence: str
):
    written(file, text)

    with pytest.raises(UsageError, match=sentence) as refused:
        file.read()

    assert str(file.path) in str(refused.value)


def test_a_file_that_cannot_be_read_or_written_is_told(tmp_path: Path):
    (tmp_path / "environments").write_text("no folder")
    file = EnvironmentFile(tmp_path / "environments", "staging")
    with pytest.raises(UsageError, match="cannot be written"):
        file.create(PARAMETERS)

    (tmp_path / "staging.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        EnvironmentFile(tmp_path, "staging").read()


def test_a_write_replaces_the_file_whole_and_leaves_nothing_beside_it(
    file: EnvironmentFile,
):
    file.create(PARAMETERS)
    with file.path.open() as opened:
        file.set("region", "eu-west-1")
        assert "region" not in tomllib.loads(opened.read())

    assert [path.name for path in file.path.parent.iterdir()] == ["staging.toml"]


@pytest.mark.parametrize("name", ["", "Staging", "../x", "a b", "-x", "x" * 32, "é"])
def test_what_is_no_name_of_an_environment_is_refused(tmp_path: Path, name: str):
    with pytest.raises(UsageError, match="ENV cannot be"):
        EnvironmentFile(tmp_path, name)
