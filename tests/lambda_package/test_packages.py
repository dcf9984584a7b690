"""What is in the packages, and what is not; that two builds make the same."""

import json
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from importlib.metadata import PathDistribution, distributions
from pathlib import Path
from typing import Any, Final

import pytest

from lambda_package.contents import packages_of
from lambda_package.finish import MOMENT
from lambda_package.listing import list_package
from lambda_package.notices import NAME
from lambda_package.report import SAME, WITHOUT_BYTE_CODE, packages_in, report
from tests.lambda_package.building import HERE, LAMBDA, Built, require_built
from tests.stack import ROOT, clean_environment
from tests.template.stacks import deployed

LARGEST: Final = 36_000_000
LARGEST_WITH_BYTE_CODE: Final = 48_000_000
"""Bytes, unzipped: less is less to fetch, to unpack and to read at a cold start."""

MAGIC: Final = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"


@pytest.fixture(scope="module")
def packages(built: Built) -> list[Path]:
    return list(packages_in(built.folder))


def files_of(package: Path, pattern: str = "*") -> list[Path]:
    return sorted(path for path in package.rglob(pattern) if path.is_file())


def test_every_function_and_layer_of_the_template_is_built(packages: list[Path]):
    stack = deployed()
    functions = [found.logical_id for found in stack.of_type("AWS::Lambda::Function")]
    layers = [found.source for found in stack.of_type("AWS::Lambda::LayerVersion")]

    assert [package.name for package in packages] == sorted(functions + layers)


def test_the_brokers_package_is_as_small_as_it_has_to_be(built: Built):
    listing = list_package(built.folder / "BrokerFunction")

    assert listing.without_byte_code <= LARGEST
    assert listing.without_byte_code + listing.byte_code <= LARGEST_WITH_BYTE_CODE


def test_every_module_is_compiled_by_the_python_that_runs_it_and_is_not_checked(
    built: Built, packages: list[Path]
):
    asked = [str(built.python), "-c", MAGIC]
    magic = bytes.fromhex(subprocess.check_output(asked, text=True))
    modules = [path for package in packages for path in files_of(package, "*.py")]
    compiled = [path for package in packages for path in files_of(package, "*.pyc")]

    assert len(modules) == len(compiled) > 500
    for path in compiled:
        # PEP 552: the magic number, then 1 for a hash that is not checked.
        assert path.read_bytes()[:8] == magic + (1).to_bytes(4, "little"), path


def test_byte_code_says_that_it_stands_where_lambda_has_it(packages: list[Path]):
    for package in packages:
        root = b"/opt/python/" if packages_of(package) != package else b"/var/task/"
        for path in files_of(package, "*.pyc"):
            assert root in path.read_bytes(), path


def test_nothing_of_the_machine_that_built_it_is_in_a_package(packages: list[Path]):
    for path in (path for package in packages for path in files_of(package)):
        assert str(ROOT).encode() not in path.read_bytes(), path


def test_every_file_has_one_of_two_modes_and_the_same_time(packages: list[Path]):
    for package in packages:
        for path in [package, *package.rglob("*")]:
            found = path.stat()

            assert found.st_mtime == MOMENT, path
            assert found.st_mode & 0o777 in {0o644, 0o755}, path


def test_what_an_installer_wrote_and_what_nobody_imports_is_left_out(
    packages: list[Path],
):
    names = {path.name for package in packages for path in package.rglob("*")}
    infos = {name for name in names if name.endswith(".dist-info")}

    assert len(infos) > 30
    assert names & {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"} == set()
    assert names & {"tests", "bin", "admin", "requirements.txt"} == set()
    assert [name for name in names if name.endswith(".pyi")] == []


def test_every_package_tells_our_licence_and_that_of_all_that_is_not_ours(
    packages: list[Path],
):
    ours = (ROOT / "LICENSE").read_text().strip()
    counts = []
    for package in packages:
        notices = (package / NAME).read_text()
        found = list(distributions(path=[str(packages_of(package))]))
        counts.append(len(found))

        assert ours in notices
        for distribution in found:
            named = f"{normalised(distribution.name)} {distribution.version}\nLicence: "
            texts = list(licence_texts(distribution))
            assert named in notices
            assert texts, distribution.name
            assert [text for text in texts if text not in notices] == []

    assert max(counts) > 30
    assert min(counts) == 0, "of a function without packages"


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_texts(distribution: Any) -> Iterator[str]:
    info: Path = distribution._path  # of PathDistribution: there is no other way
    assert isinstance(distribution, PathDistribution)
    for path in sorted(info.rglob("*")):
        if path.is_file() and re.search("licen[cs]e|notice", str(path), re.IGNORECASE):
            yield path.read_text().strip()
    kept = ROOT / "lambda_package/licences" / f"{normalised(distribution.name)}.txt"
    if kept.exists():
        yield kept.read_text().strip()


def test_every_vendored_file_is_named_with_the_licence_of_its_package(built: Built):
    package = built.folder / "BrokerFunction"
    static = package / "app/web/static"
    notices = (package / NAME).read_text()
    recorded: list[dict[str, str]] = json.loads((static / "vendored.json").read_text())

    for entry in recorded:
        path = static / entry["path"]
        assert f"\n{path.relative_to(package)}\n" in notices
        if re.search("licen[cs]e|notice", entry["file"], re.IGNORECASE):
            assert path.read_text().strip() in notices
        name, _, version = entry["package"].rpartition("@")
        assert f"\n{name} {version}\nLicence: {entry['licence']}\n" in notices


def test_what_a_wheel_says_is_compiled_into_it_is_named(built: Built):
    package = built.folder / "BrokerFunction"
    notices = (package / NAME).read_text()
    [sbom] = package.glob("cryptography-*/sboms/sbom.json")
    [openssl] = json.loads(sbom.read_text())["components"]

    assert f"\n  {openssl['name']} {openssl['version']}" in notices


def test_a_second_build_has_the_same_digests(tmp_path: Path):
    try:
        built = require_built(LAMBDA)
    except pytest.skip.Exception:
        built = require_built(HERE)
    make = ("make", "--silent", "packages", f"FOLDER={tmp_path}")
    subprocess.run(
        [*make, f"LAMBDA_ARCHITECTURE={built.name}"],
        cwd=ROOT,
        env=clean_environment(PYTHONHASHSEED="7"),
        check=True,
        timeout=100,
    )

    names = sorted(path.name for path in tmp_path.iterdir())
    assert "BrokerFunction" in names
    for name in names:
        first, second = list_package(built.folder / name), list_package(tmp_path / name)
        assert first == second
        assert first.digest == second.digest


def test_a_bill_of_materials_names_all_that_is_in_a_package(tmp_path: Path):
    built = require_built(HERE)
    program = ROOT / ".tools/sbom/bin/python"
    subprocess.run(
        [str(program), "-m", "lambda_package.sbom", str(built.folder), str(tmp_path)],
        cwd=ROOT,
        check=True,
        timeout=60,
    )

    for package in packages_in(built.folder):
        bill = json.loads((tmp_path / f"{package.name}.cdx.json").read_text())
        found = {part["purl"]: part for part in bill.get("components", ())}
        assert found.keys() == {*purls(package), *vendored(package)}
        assert all(part["licenses"] for part in found.values())
        told = bill["metadata"]["component"]["properties"]
        digest = list_package(package).digest
        assert told == [{"name": "aikagi:package:sha256", "value": digest}]
        assert "timestamp" not in bill["metadata"]
        # RFC 9562: out of a name, and no random number.
        assert uuid.UUID(bill["serialNumber"]).version == 5
        if package.name == "BrokerFunction":
            parts = {part["name"] for part in all_parts(list(found.values()))}
            assert {"openssl", "pyo3"} <= parts


def purls(package: Path) -> set[str]:
    return {
        f"pkg:pypi/{normalised(distribution.name)}@{distribution.version}"
        for distribution in distributions(path=[str(packages_of(package))])
    }


def vendored(package: Path) -> set[str]:
    records = package.rglob("vendored.json")
    return {
        f"pkg:npm/{entry['package']}"
        for record in records
        for entry in json.loads(record.read_text())
    }


def all_parts(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from all_parts(component.get("components", []))


def test_a_package_is_for_the_processor_and_the_python_of_the_template():
    makefile = (ROOT / "Makefile").read_text()
    [architecture] = re.findall(r"\nLAMBDA_ARCHITECTURE \?= (\S+)\n", makefile)
    [version] = re.findall(r"\nLAMBDA_PYTHON_VERSION := (\S+)\n", makefile)

    for function in deployed().of_type("AWS::Lambda::Function"):
        assert function.properties["Architectures"] == [architecture]
        assert function.properties["Runtime"] == f"python{version}"


def test_make_build_refuses_to_make_what_is_not_deployed():
    never = ("-o", ".tools/sam/.installed", "-o", ".tools/sbom/.installed")
    done = subprocess.run(
        ["make", *never, "build", "LAMBDA_ARCHITECTURE=x86_64"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert "make build makes what is deployed, for arm64" in done.stderr
    assert "sam build" not in done.stdout


def test_byte_code_of_another_python_is_refused(tmp_path: Path):
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho 3.12; exit 1\n")
    other.chmod(0o755)
    done = subprocess.run(
        ["make", "-n", "build", f"LAMBDA_PYTHON={other}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert f"LAMBDA_PYTHON is {other}, which is no Python 3.13" in done.stderr


METADATA: Final = "Metadata-Version: 2.4\nName: Some.Thing\nVersion: 1.0\n"


@pytest.fixture
def thing(tmp_path: Path) -> Path:
    """A package with a library that brings no licence text."""
    folder = tmp_path / "ThingFunction"
    info = folder / "some_thing-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(METADATA)
    (folder / "some_thing.py").write_text("WORDS = 'something'\n")
    return folder


def finish(package: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "lambda_package.finish", str(package)]
    return subprocess.run(
        [*command, "--root", "/var/task", *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_library_without_a_licence_stops_the_build_and_says_where_to_put_it(
    thing: Path,
):
    refused = finish(thing)
    (thing / "some_thing-1.0.dist-info/LICENCE.txt").write_text("Do as you like.\n")
    taken = finish(thing)

    assert (refused.returncode, taken.returncode) == (1, 0)
    assert "some-thing 1.0 brings no licence text" in refused.stderr
    assert "into lambda_package/licences/some-thing.txt." in refused.stderr
    assert "Do as you like." in (thing / NAME).read_text()


def test_a_build_without_lambdas_python_says_loudly_what_it_lacks(thing: Path):
    lines = list(report(thing.parent, None))

    assert lines[0].startswith("ThingFunction: ")
    assert "no byte-code" in lines[0]
    assert list_package(thing).digest in lines[1]
    assert lines[-1] == WITHOUT_BYTE_CODE


COMPILED: Final = {
    "thing/_speed.so": "for arm64",
    "some_thing-1.0.dist-info/WHEEL": "for arm64",
    "some_thing-1.0.dist-info/sboms/thing.json": "for arm64",
}


def test_what_ships_may_differ_from_what_was_tried_in_what_is_compiled(
    thing: Path, tmp_path: Path
):
    tried = tmp_path / "tried"
    shutil.copytree(thing, tried / thing.name)
    ships = tmp_path / "ships"
    shutil.copytree(thing, ships / thing.name)
    for name, text in COMPILED.items():
        path = ships / thing.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    lines = list(report(ships, tried))

    assert SAME in lines
    assert lines[-1] == "  ThingFunction/thing/_speed.so"


@pytest.mark.parametrize("name", ["some_thing.py", "more.py", "some_thing.pyc"])
def test_what_ships_and_was_not_tried_stops_the_build(
    thing: Path, tmp_path: Path, name: str
):
    tried, ships = tmp_path / "tried", tmp_path / "ships"
    for folder in (tried, ships):
        shutil.copytree(thing, folder / thing.name)
    (ships / thing.name / name).write_text("WORDS = 'another'\n")

    with pytest.raises(ValueError, match=f"ThingFunction/{name}") as refused:
        list(report(ships, tried))

    assert str(refused.value).startswith("These are NOT the packages")
