from pathlib import Path

import pytest

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.project import Application, Project, read_project


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
