"""What others wrote is what they published, and their licences travel with it."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import pytest

STATIC: Final = Path(__file__).parents[2] / "app/web/static"
RECORDED: Final[list[dict[str, Any]]] = json.loads(
    (STATIC / "vendored.json").read_text()
)
FOLDERS: Final = ("client/vendor", "docs/swagger-ui-5.35.0")


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: entry["path"])
def test_a_vendored_file_is_the_published_one(entry: dict[str, Any]):
    content = (STATIC / entry["path"]).read_bytes()

    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_every_vendored_file_is_recorded():
    present = {
        path.relative_to(STATIC).as_posix()
        for folder in FOLDERS
        for path in (STATIC / folder).iterdir()
    }

    assert present == {entry["path"] for entry in RECORDED}


def test_every_vendored_package_keeps_its_licence():
    packages = {entry["package"] for entry in RECORDED}

    licensed = {entry["package"] for entry in RECORDED if "LICENSE" in entry["file"]}

    assert licensed == packages


def test_a_vendored_path_names_its_version():
    for entry in RECORDED:
        version = entry["package"].rpartition("@")[2]

        assert version in entry["path"]


def test_every_vendored_module_is_imported():
    sources = "".join(
        path.read_text()
        for folder in ("client", "page")
        for path in (STATIC / folder).glob("*.js")
    )
    modules = [path.name for path in (STATIC / "client/vendor").glob("*.mjs")]

    assert modules
    assert [name for name in modules if f'/{name}"' not in sources] == []
