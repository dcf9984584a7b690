"""The wheel, built and installed as anybody would, beside the client's own locks."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.stack import ROOT, Stack, clean_environment

LIBRARY = """
import sys, aikagi, httpx2

with aikagi.Broker(sys.argv[1]) as broker:
    broker.login("alice", sys.stdin.read())
    print(broker.call("hello").result()["message"])
    with httpx2.Client(auth=broker.auth("hello")) as client:
        print(client.get(broker.grant("hello").func_url).status_code)
"""

FOUND = """
from importlib.util import find_spec
names = ("aikagi", "aikagi_emulator", "app", "argon2", "boto3", "fastapi", "functions")
print([name for name in names if find_spec(name)])
"""

METADATA = """
from importlib.metadata import distributions, metadata
described = dict(metadata("aikagi"))
described["Classifiers"] = metadata("aikagi").get_all("Classifier")
described["Text"] = metadata("aikagi").get_payload()
described["Beside"] = sorted(found.name for found in distributions())
print(__import__("json").dumps(described))
"""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An environment with the wheel and its locked dependencies, and nothing else."""

    wheel: Path
    programs: Path
    state: Path

    def run(self, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        environment = clean_environment(XDG_STATE_HOME=str(self.state))
        environment.pop("PYTHONPATH", None)
        return subprocess.run(
            [str(self.programs / words[0]), *words[1:]],
            cwd=self.state,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )


def locked() -> set[str]:
    """Name what requirements/client.txt locks and this platform needs."""
    lines = (ROOT / "requirements/client.txt").read_text().splitlines()
    names = {line.partition("==")[0] for line in lines if "==" in line}
    return {name for name in names if _is_here(name)}


def _is_here(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:  # of another platform or Python
        return False
    return True


def build_wheel(folder: Path) -> Path:
    """Build it from a copy of the checkout: building leaves files behind."""
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("aikagi", "app", "functions", "emulator/src"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, source)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    [wheel] = folder.glob("*.whl")
    return wheel


def pip(*words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", *words, "--quiet", "--no-index", "--no-deps"],
        env=clean_environment(),
        check=True,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    wheel = build_wheel(folder)
    venv.create(folder / "env", symlinks=True)
    [packages] = (folder / "env").glob("lib/python*/site-packages")
    for name in locked():
        for file in distribution(name).files or ():
            if ".." not in file.parts:
                top = Path(str(distribution(name).locate_file(file.parts[0])))
                if not (packages / top.name).exists():
                    (packages / top.name).symlink_to(top)
    python = folder / "env/bin/python"
    pip("--python", str(python), "install", str(wheel))
    state = folder / "state"
    state.mkdir()
    return Installed(wheel=wheel, programs=python.parent, state=state)


def modules_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_wheel_is_the_client_and_nothing_else(installed: Installed):
    names = ZipFile(installed.wheel).namelist()
    folder = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("aikagi/**/*")
        if path.is_file() and path.parent.name != "__pycache__"
    }

    [about] = {name.partition("/")[0] for name in names} - {"aikagi"}
    assert re.fullmatch(r"aikagi-[0-9.]+\.dist-info", about)
    assert {name for name in names if not name.startswith(about)} == folder
    assert "aikagi/py.typed" in folder
    assert f"{about}/licenses/LICENSE" in names


def test_its_metadata_say_what_it_is(installed: Installed):
    found = json.loads(installed.run("python", "-c", METADATA).stdout)

    assert found["Name"] == "aikagi"
    assert found["License-Expression"] == "MIT"
    assert found["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in found["Classifiers"]
    assert found["Description-Content-Type"] == "text/markdown"
    assert "aikagi login https://" in found["Text"]
    # What is relative leads nowhere from a package index.
    assert not re.search(r"\]\((?!https://)", found["Text"])
    beside = {re.sub(r"[-_.]+", "-", name).lower() for name in found["Beside"]}
    assert beside == {"aikagi", *locked()}


def test_what_it_imports_is_what_it_requires():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    imported = {
        name.partition(".")[0]
        for path in ROOT.glob("aikagi/**/*.py")
        if path.name != "httpx_auth.py"  # for those who have httpx
        for name in modules_of(ast.parse(path.read_text()))
    }

    strangers = imported - set(sys.stdlib_module_names) - {"aikagi"}
    assert strangers == set(project["dependencies"])


def test_nothing_of_the_broker_can_be_imported_beside_it(installed: Installed):
    found = installed.run("python", "-c", FOUND)

    assert found.stdout == "['aikagi']\n"


def test_the_command_tells_its_version_and_where_the_users_went(installed: Installed):
    ran = installed.run("aikagi", "--help")
    version = installed.run("aikagi", "--version")
    users = installed.run("aikagi", "users", "add", "carol")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "call a function" in ran.stdout
    assert version.stdout.strip() == " ".join(installed.wheel.name.split("-")[:2])
    assert users.returncode == 2
    assert "python -m app.admin users" in users.stderr
    assert "Traceback" not in users.stderr


def test_the_command_logs_in_and_calls(installed: Installed, stack: Stack):
    login = installed.run(
        *("aikagi", "login", "--broker", stack.broker, "-u", "alice"),
        "--password-stdin",
        typed=stack.users["alice"],
    )
    call = installed.run("aikagi", "call", "report", "--data", "one two two")
    missing = installed.run("aikagi", "call", "nothing")

    assert (login.returncode, login.stderr) == (0, "")
    assert json.loads(call.stdout)["words"] == 3
    assert (missing.returncode, missing.stdout) == (4, "")


def test_the_library_logs_in_and_calls(installed: Installed, stack: Stack):
    words = ("python", "-W", "error", "-c", LIBRARY, stack.broker)
    ran = installed.run(*words, typed=stack.users["alice"])

    assert (ran.stdout, ran.stderr) == ("hello world\n200\n", "")
