"""What a build has left is run, and not the sources it was built from."""

import asyncio
import json
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import pytest

from aikagi_emulator.launcher import main
from aikagi_emulator.launcher.build import Build, BuildPython
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.function_python import function_python
from aikagi_emulator.launcher.packages import Packages
from aikagi_emulator.launcher.ports import Ports
from aikagi_emulator.launcher.project import Application, Project
from aikagi_emulator.launcher.stack import Options, check_template
from aikagi_emulator.launcher.templates import read_templates
from aikagi_emulator.pytest_plugin import AwsStack, running_stack
from aikagi_emulator.runtime import FunctionSpec
from aikagi_emulator.runtime.variables import environment_variables

TEMPLATE: Final = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Service:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: service
      Handler: service.handler
      Runtime: python3.13
      Timeout: 10
      Environment: {Variables: {SETTING: one, LEVEL: INFO}}
      Events:
        Everything: {Type: HttpApi}
  Greeting:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: greeting
      Handler: greeting.handler
      Runtime: python3.13
      Layers: [!Ref Words]
      Events:
        Greet: {Type: HttpApi, Properties: {Path: /greet, Method: GET}}
  Words:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {ContentUri: words}
"""

PROJECT: Final = """
[application]
name = "service"
function = "Service"
app = "missing:app"
health-path = "/up"
inherit = ["LEVEL"]
pages = { page = "/page" }

[application.variables]
MORE = "two"
"""

SERVICE: Final = """
import json, os, sys

def handler(event, context):
    found = {name: os.environ.get(name) for name in ("SETTING", "LEVEL", "MORE")}
    found |= {"python": sys.executable, "path": event["rawPath"], "code": __file__}
    found["runtime"] = os.environ["AWS_EXECUTION_ENV"]
    return {"statusCode": 200, "body": json.dumps(found)}
"""

GREETING: Final = """
import words

def handler(event, context):
    return {"greeting": words.HELLO, "code": __file__}
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose sources of the application do not work, and a build of it."""
    folder = tmp_path_factory.mktemp("project")
    write(
        folder,
        {
            "template.yaml": TEMPLATE,
            "emulator.toml": PROJECT,
            "service/service.py": "raise SystemExit('the sources')\n",
            "service/requirements.txt": "no-such-package==1\n",
            "greeting/greeting.py": GREETING,
            "words/words.py": "HELLO = 'from the sources'\n",
            "build/Service/service.py": SERVICE,
            "build/Words/python/words.py": "HELLO = 'as it was built'\n",
        },
    )
    return folder


@pytest.fixture(scope="module")
def python(project: Path) -> Path:
    """An interpreter that is not the emulator's own."""
    return function_python(project / "python")


@pytest.fixture(scope="module")
def stack(
    project: Path, python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AwsStack]:
    with running_stack(
        tmp_path_factory.mktemp("state"),
        project=project / "emulator.toml",
        arguments=[
            *("--build", str(project / "build"), "--build-python", str(python)),
            *("--packages", str(project / "packages")),
        ],
        variables={"LEVEL": "ERROR", "PATH": "/usr/bin:/bin"},
    ) as running:
        yield running


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def test_the_application_answers_on_its_port_by_the_handler_that_was_built(
    stack: AwsStack, project: Path
):
    described = stack.description

    found = get(f"{described['Service']}/page")

    assert described["Service"] == f"http://127.0.0.1:{stack.port}"
    assert stack.http_apis["ServerlessHttpApi"] == f"{described['Service']}/"
    assert found["path"] == "/page"
    assert found["code"] == str(project / "build/Service/service.py")


def test_it_has_the_projects_variables_and_what_it_inherits(stack: AwsStack):
    found = get(f"{stack.description['Service']}/")

    assert (found["SETTING"], found["MORE"], found["LEVEL"]) == ("one", "two", "ERROR")
    assert stack.variables()["MORE"] == "two"


def test_the_python_that_was_named_runs_what_was_built_and_says_its_version(
    stack: AwsStack, python: Path
):
    found = get(f"{stack.description['Service']}/")

    assert found["python"] == str(python)
    version = "{}.{}".format(*sys.version_info[:2])
    assert found["runtime"] == f"AWS_Lambda_python{version}"


def test_what_was_not_built_runs_from_its_sources_with_the_layer_that_was(
    stack: AwsStack, project: Path
):
    found = get(f"{stack.description['Service']}/greet")

    assert found == {
        "greeting": "as it was built",
        "code": str(project / "greeting/greeting.py"),
    }


def checked(
    project: Path,
    build: Build,
    *,
    function: str = "Service",
    template: Path | None = None,
    **variables: str,
) -> None:
    """Check the project, whose application is ``function``, without starting it."""
    options = Options(
        project=Project(
            folder=project,
            application=Application(
                app="missing:app", function=function, variables=variables
            ),
            build=build,
            packages=project / "packages",
            template=template or project / "template.yaml",
        ),
        ports=Ports(first=8000),
        shell={},
    )
    asyncio.run(check_template(options, clock=lambda: datetime.now(UTC)))


def test_a_build_of_the_application_passes_the_check(project: Path):
    checked(project, Build(folder=project / "build"), MORE="two")


def test_a_function_is_told_the_version_of_the_python_that_runs_it(
    project: Path, python: Path
):
    other = BuildPython(program=python, version=(3, 99))
    build = Build(folder=project / "build", python=other)
    stack = read_templates(
        Project(template=project / "template.yaml", build=build), Ports(first=8000)
    )
    [built] = [found for found in stack.code if "Service" in found]
    [function] = [
        found for found in stack.of_type("AWS::Lambda::Function") if found.ref == built
    ]
    spec = FunctionSpec(
        name=built,
        arn=function.attributes["Arn"],
        folder=stack.code[built],
        handler="service.handler",
    )
    packages = Packages(project / "packages", shell={}, build=build)

    equipped = asyncio.run(packages.equip(spec, stack))

    variables = environment_variables(equipped, {}, own={})
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.99"
    assert variables["LAMBDA_RUNTIME_DIR"].endswith("/python3.99/site-packages")


def test_a_variable_of_lambdas_own_is_refused(project: Path):
    with pytest.raises(LaunchError, match="Lambda sets AWS_REGION"):
        checked(project, Build(folder=project / "build"), AWS_REGION="xx-west-1")


def test_a_folder_in_which_nothing_was_built_is_refused(project: Path):
    build = Build(folder=project / "words")

    with pytest.raises(LaunchError, match="has no folder with the logical id"):
        checked(project, build, function="Greeting")


NO_API: Final = "Type: Schedule, Properties: {Schedule: rate(1 day)}"
TWO_APIS: Final = """\
Type: HttpApi}
        More: {Type: HttpApi, Properties: {ApiId: !Ref Other}"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (NO_API, "and none does"),
        (TWO_APIS, "and Other and ServerlessHttpApi do"),
    ],
)
def test_an_application_behind_no_http_api_or_behind_two_is_refused(
    project: Path, tmp_path: Path, change: str, said: str
):
    other = "  Other: {Type: AWS::Serverless::HttpApi}\n"
    for folder in ("service", "greeting", "words"):
        (tmp_path / folder).symlink_to(project / folder)
    template = tmp_path / "template.yaml"
    changed = TEMPLATE.replace("Everything: {Type: HttpApi", f"Everything: {{{change}")
    template.write_text(changed + (other if "Other" in change else ""))
    build = Build(folder=project / "build")

    with pytest.raises(LaunchError, match=said):
        checked(project, build, template=template)


def test_what_was_built_and_does_not_start_ends_the_start(
    project: Path, tmp_path: Path
):
    write(tmp_path, {"build/Service/service.py": "raise ValueError('broken')\n"})

    with (
        pytest.raises(RuntimeError, match="does not answer as it was built") as failed,
        running_stack(
            tmp_path / "state",
            project=project / "emulator.toml",
            arguments=["--build", str(tmp_path / "build")],
        ),
    ):
        pass

    assert "broken" in str(failed.value)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("/bin/false", "cannot run functions"),
        ("/bin/echo", "is no Python that starts"),
        ("/no/such/python", "is no Python that starts"),
    ],
)
def test_a_python_that_cannot_run_functions_is_refused(program: str, said: str):
    with pytest.raises(LaunchError, match=said):
        BuildPython.ask(Path(program))


def test_a_python_without_the_runtime_client_is_told_what_it_lacks(tmp_path: Path):
    bare = tmp_path / "python"
    bare.symlink_to(Path(sys.base_prefix) / "bin" / "python3")

    with pytest.raises(LaunchError, match="No module named 'awslambdaric'"):
        BuildPython.ask(bare)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--build-python", sys.executable], "say where by --build"),
        (["--build", "no-such-folder"], "there is no folder no-such-folder"),
    ],
)
def test_options_that_lead_nowhere_are_refused_before_anything_starts(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
