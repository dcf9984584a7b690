"""The browser's client as an npm package, and in a page that a bundler has built."""

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from app.web.assets import STATIC
from tests.browser.conftest import Watch
from tests.browser.faulty_stack import Elsewhere
from tests.node import NODE, NPM, require_packages, with_node
from tests.stack import ROOT, Stack

CLIENT: Final = STATIC / "client"

MAIN: Final = """
import { Broker } from "aikagi";

const { base, password } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const broker = new Broker({ base });
await broker.login("bob", password);
const result = await broker.call("hello").result();
// In a module of its own, which is fetched now.
const { cause } = await broker.diagnose("hello");
document.body.textContent = JSON.stringify({ result, cause });
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack the client, and give the folder into which npm would unpack it."""
    require_packages("browser")
    folder = tmp_path_factory.mktemp("npm")
    packed = subprocess.run(
        [NPM, "pack", "--json", "--offline", f"--pack-destination={folder}"],
        cwd=CLIENT,
        env=with_node(npm_config_cache=str(folder / "cache")),
        capture_output=True,
        check=True,
    )
    [described] = json.loads(packed.stdout)
    with tarfile.open(folder / described["filename"]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def test_the_package_holds_the_client_and_nothing_else(package: Path):
    ours = {path.relative_to(CLIENT).as_posix() for path in _files(CLIENT)}

    assert {path.relative_to(package).as_posix() for path in _files(package)} == ours


def test_the_package_is_of_the_same_version_and_licence(package: Path):
    described: dict[str, Any] = json.loads((package / "package.json").read_text())

    assert f'\nversion = "{described["version"]}"\n' in _text("pyproject.toml")
    assert (package / "LICENSE").read_text() == _text("LICENSE")


def test_what_the_package_exports_is_in_it(package: Path):
    [exported] = json.loads((package / "package.json").read_text())["exports"].values()

    assert exported.keys() == {"types", "default"}
    for name in exported.values():
        assert (package / name).is_file()


def test_a_page_built_by_vite_calls_a_function(
    page: Page,
    watch: Watch,
    faulty: Stack,
    elsewhere: Elsewhere,
    package: Path,
    tmp_path: Path,
):
    built = _built(package, tmp_path)
    elsewhere.page = (built / "index.html").read_text()
    elsewhere.modules = {
        f"/assets/{module.name}": module.read_text()
        for module in (built / "assets").glob("*.js")
    }
    given = {"base": faulty.broker, "password": faulty.users["bob"]}

    page.goto(f"{elsewhere.named}/#{json.dumps(given)}")

    expect(page.locator("body")).to_contain_text('"subject":"bob"')
    expect(page.locator("body")).to_contain_text('"cause":"none"')
    # A diagnosis sends an unsigned request, which has to be refused.
    assert [fault for fault in watch.faults if "status of 403" not in fault] == []


def _built(package: Path, folder: Path) -> Path:
    """Build a project that installed the package, and give the folder to publish."""
    vite = require_packages("browser") / "node_modules/vite/bin/vite.js"
    (folder / "node_modules").mkdir()
    (folder / "node_modules/aikagi").symlink_to(package)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "main.js").write_text(MAIN)
    (folder / "index.html").write_text('<script type="module" src="/main.js"></script>')
    subprocess.run(
        [NODE, vite, "build", "--logLevel=warn", "--target=esnext"],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    return folder / "dist"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _text(name: str) -> str:
    return (ROOT / name).read_text()
