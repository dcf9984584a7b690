from pathlib import Path

import pytest

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.project import (
    Application,
    Project,
    read_project,
    read_stack,
)


def test_every_key_of_a_project_is_read(tmp_path: Path):
    path = tmp_path / "emulator.toml"
    path.write_text("""
        template = "a.yaml"
        state = ".state"
        environment-prefix = "MINE_"
        function-names = "/names/"
        seed = ["python", "seed.py"]
        [parameters]
        Size = "3"
        [stacks]
        reports = "reports/b.yaml"
        [application]
        function = "Web"
        app = "web:app"
        name = "shop"
        health-path = "/up"
        inherit = ["LEVEL"]
        pages = { shop = "/" }
        reload = ["web"]
        variables = { URLS = "${FunctionUrls}" }
    """)

    project = read_project(path)

    assert project == Project(
        folder=tmp_path,
        application=Application(
            app="web:app",
            function="Web",
            health_path="/up",
            inherit=("LEVEL",),
            name="shop",
            pages={"shop": "/"},
            reload=("web",),
            variables={"URLS": "${FunctionUrls}"},
        ),
        environment_prefix="MINE_",
        function_names="/names/",
        parameters={"Size": "3"},
        packages=tmp_path / ".state" / "packages",
        seed=("python", "seed.py"),
        stacks={"reports": tmp_path / "reports" / "b.yaml"},
        state=tmp_path / ".state",
        template=tmp_path / "a.yaml",
    )
    assert project.variable("PORT") == "MINE_PORT"


def test_nothing_has_to_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    assert read_project(None) == Project()
    (tmp_path / "emulator.toml").write_text('template = "b.yaml"')
    assert read_project(None).template == Path("b.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is not TOML: "),
        ("odd = 1", "odd is unknown; there are application, environment-prefix, "),
        ("template = 1", "template is not a string"),
        ("seed = 'python seed.py'", "seed is not a list of strings"),
        ("seed = [1]", "seed is not a list of strings"),
        ("parameters = {Size = 3}", "parameters.Size is not a string"),
        ("stacks = {reports = 3}", "stacks.reports is not a string"),
        ("stacks = {'-' = 'a'}", "stacks.- is not the name of a stack"),
        ("application = 1", "application is not a table"),
        ("[application]\nfunction = 'Web'", "application.app is missing"),
        ("[application]\napp = 'a:b'", "application.function is missing"),
        (
            "[application]\napp = 'a:b'\nfunction = 'Web'\nport = 1",
            "application.port is unknown; there are app, function, ",
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str):
    path = tmp_path / "emulator.toml"
    path.write_text(text)

    with pytest.raises(LaunchError) as caught:
        read_project(path)

    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)


def test_a_project_that_is_not_there_is_told_so(tmp_path: Path):
    with pytest.raises(LaunchError, match="cannot be read: No such file"):
        read_project(tmp_path / "emulator.toml")


def test_a_stack_of_the_command_line_has_a_name_and_a_template():
    assert read_stack("reports-2=a=b.yaml") == ("reports-2", Path("a=b.yaml"))


@pytest.mark.parametrize("text", ["", "reports", "reports=", "=a.yaml", "a_b=a.yaml"])
def test_what_is_no_stack_of_the_command_line_is_refused(text: str):
    with pytest.raises(LaunchError, match=r"--stack: .* is not the name of a stack"):
        read_stack(text)
