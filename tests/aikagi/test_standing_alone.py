"""The package needs nothing of the broker, and none of the broker's libraries."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT, clean_environment

ALONE = """
import importlib, pkgutil, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {
            "app", "local", "tests", "argon2", "boto3", "dotenv", "fastapi", "httpx",
            "mangum", "moto", "pydantic", "starlette", "uvicorn",
        }:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import aikagi

names = [
    module.name
    for module in pkgutil.walk_packages(aikagi.__path__, "aikagi.")
    if module.name not in ("aikagi.__main__", "aikagi.httpx_auth")
]
for name in names:
    importlib.import_module(name)
print(len(names), aikagi.__file__)
names = [name for name in aikagi.__all__ if name != "TaskEvent"]
print(*(getattr(aikagi, name).__name__ for name in names))
"""

NOT_LOADED = """
import sys
import aikagi
print(sorted({"httpx2", "botocore", "rich"} & set(sys.modules)))
"""

LAMBDA = """
import importlib, pkgutil, sys
import app

# They begin with the settings of a deployment.
started = ("app.main", "app.lambda_handler")
sys.modules["aikagi"] = None
for module in pkgutil.walk_packages(app.__path__, "app."):
    if module.name not in started:
        importlib.import_module(module.name)
print("app.broker" in sys.modules, "app.admin" in sys.modules)
"""


def run(folder: Path, program: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        env=clean_environment(PYTHONPATH=str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_copy_of_the_package_works_without_the_rest(tmp_path: Path):
    shutil.copytree(ROOT / "aikagi", tmp_path / "aikagi")

    count, *rest = run(tmp_path, ALONE).split()

    assert int(count) > 30
    assert rest[0] == str(tmp_path / "aikagi/__init__.py")
    assert "Broker" in rest


def test_importing_it_loads_nothing_slow():
    assert run(ROOT, NOT_LOADED) == "[]\n"


def test_the_lambda_package_has_the_whole_broker_and_no_more(tmp_path: Path):
    make = ("make", "code-of-broker", f"ARTIFACTS_DIR={tmp_path}")
    subprocess.run(make, cwd=ROOT, check=True)

    assert [path.name for path in tmp_path.iterdir()] == ["app"]
    assert run(tmp_path, LAMBDA) == "True False\n"
    assert list(tmp_path.glob("app/web/static/**/*.js"))
