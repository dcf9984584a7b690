"""Which parts import which libraries of others, all of them and no more.

A library that another replaces is named here once, and where it is installed.
"""

import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import grimp
import pytest
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

NONE: Final[frozenset[str]] = frozenset()
WEB: Final = frozenset({"anyio", "fastapi", "pydantic", "starlette"})

ALLOWED: Final = {
    "aikagi": {"anyio", "botocore", "httpcore2", "httpx2"},
    "aikagi.commands": {"httpx2", "rich", "shtab"},
    "aikagi.httpx_auth": {"httpx"},
    "app": NONE,
    "app.adapters": {"argon2", "boto3", "botocore", "pydantic"},
    "app.adapters.tokens": NONE,
    "app.adapters.tokens.documents": {"urllib3"},
    "app.adapters.tokens.signature": {"jose"},
    "app.admin": {"boto3", "botocore", "dotenv"},
    "app.asgi": {"fastapi"},
    "app.audit_trail": NONE,
    "app.broker": NONE,
    "app.domain": NONE,
    "app.http_api": {"mangum"},
    "app.http_api_event": {"pydantic"},
    "app.logins": NONE,
    "app.password_checks": NONE,
    "app.settings": {"pydantic", "pydantic_settings"},
    "app.snapstart": {"botocore", "fastapi", "snapshot_restore_py"},
    "app.web": WEB,
    "deployment": {"boto3", "botocore", "yaml"},
    "deployment.smoke": {"boto3", "botocore", "httpx2"},
}
"""What a package and those inside it may import; the longest name counts.

``app.domain`` and the use cases, ``app.broker``, ``app.logins`` and
``app.password_checks``, decide who may do what, and know no framework and no AWS.
"""

OF_PYTHON: Final = sys.stdlib_module_names | {"typing_extensions"}


@pytest.fixture(scope="module")
def found() -> dict[str, set[str]]:
    """Map each entry of ``ALLOWED`` to the libraries that its modules import."""
    graph = grimp.build_graph(
        "aikagi",
        "app",
        "deployment",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    imported: dict[str, set[str]] = {part: set() for part in ALLOWED}
    for module in graph.modules:
        part = _part_of(module)
        if part is not None:
            names = graph.find_modules_directly_imported_by(module)
            imported[part] |= {name.partition(".")[0] for name in names}
    ours = OF_PYTHON | {"aikagi", "app", "deployment"}
    return {part: names - ours for part, names in imported.items()}


@pytest.mark.parametrize("part", ALLOWED)
def test_every_part_imports_the_libraries_that_it_is_meant_to(
    found: dict[str, set[str]], part: str
):
    assert found[part] == ALLOWED[part]


@pytest.mark.parametrize(
    ("package", "declared", "brought"),
    [
        pytest.param("aikagi", PROJECT["dependencies"], {"httpx"}, id="aikagi"),
        pytest.param(
            "app",
            PROJECT["optional-dependencies"]["broker"],
            {"anyio", "botocore", "snapshot_restore_py", "starlette", "urllib3"},
            id="app",
        ),
    ],
)
def test_every_library_is_declared(
    found: dict[str, set[str]], package: str, declared: list[str], brought: set[str]
):
    """``brought`` are those that a declared one brings, or Lambda's own Python.

    Or they are optional.
    """
    distributions = packages_distributions()
    imported = {
        distributions[library][0]
        for part, libraries in found.items()
        if part.partition(".")[0] == package
        for library in libraries - brought
    }

    names = {Requirement(requirement).name for requirement in declared}
    assert imported <= names


@pytest.mark.parametrize(
    ("files", "declared"),
    [
        pytest.param(["client"], PROJECT["dependencies"], id="aikagi"),
        pytest.param(
            ["runtime", "admin"],
            PROJECT["optional-dependencies"]["broker"],
            id="app",
        ),
    ],
)
def test_what_is_declared_is_what_is_locked(files: list[str], declared: list[str]):
    locked = {
        Requirement(line)
        for file in files
        for line in (ROOT / f"requirements/{file}.in").read_text().splitlines()
        if not line.startswith("#")
    }

    assert locked == set(map(Requirement, declared))


def _part_of(module: str) -> str | None:
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in ALLOWED), None)
