"""Which file names a function's packages, and when it means others."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aikagi_emulator.launcher.requirements import digest_of, of_function
from emulator.tests.launcher.wheels import write_wheel


@pytest.mark.parametrize(
    ("handler", "build", "files", "found"),
    [
        pytest.param("app.handler", "python", [""], "", id="beside the code"),
        pytest.param("a.b.app.handler", "python", ["", "a"], "", id="as sam build"),
        pytest.param("a.b.app.handler", "python3.13", ["a/b"], "", id="not below"),
        pytest.param("a.b.app.handler", "makefile", ["a/b", "a"], "a/b", id="nearest"),
        pytest.param("a.b.app.handler", "makefile", ["a", ""], "a", id="above"),
        pytest.param("a/b/app.handler", "makefile", ["a/b"], "a/b", id="with slashes"),
        pytest.param("a/run.sh", "makefile", ["a", ""], "a", id="a program"),
        pytest.param("a.b.app.handler", "makefile", ["c"], "a/b", id="not there yet"),
        pytest.param("d.app.handler", "makefile", [], "", id="no such folder"),
        pytest.param("../c/app.handler", "makefile", ["c"], "c", id="never outside"),
    ],
)
def test_the_file_that_the_build_takes_is_found(
    tmp_path: Path, handler: str, build: str, files: list[str], found: str
):
    (tmp_path / "code/a/b").mkdir(parents=True)
    (tmp_path / "code/c").mkdir()
    (tmp_path / "c").mkdir()
    for folder in files:
        (tmp_path / "code" / folder / "requirements.txt").touch()

    file = of_function(tmp_path / "code", handler, build)

    assert file == tmp_path / "code" / found / "requirements.txt"


def test_what_is_not_built_has_no_such_file(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("greeting\n")

    assert of_function(tmp_path, "app.handler", "") is None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_wheel(tmp_path / "wheels", "greeting", "1.0", "WORDS = 1\n")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "more.txt").write_text("more\n")
    path = tmp_path / "requirements.txt"
    path.write_text(
        "greeting==1.0 \\\n    --hash=sha256:00\n-r more.txt\n./source\n"
        "--find-links wheels\nother @ ./wheels/greeting-1.0-py3-none-any.whl\n"
    )
    return path


def other_version(file: Path) -> None:
    file.write_text(file.read_text().replace("1.0 ", "2.0 "))


def other_hash(file: Path) -> None:
    file.write_text(file.read_text().replace("sha256:00", "sha256:01"))


def other_included(file: Path) -> None:
    file.with_name("more.txt").write_text("another\n")


def other_wheel(file: Path) -> None:
    write_wheel(file.parent / "wheels", "greeting", "1.0", "WORDS = 'other'\n")


def another_wheel(file: Path) -> None:
    write_wheel(file.parent / "wheels", "greeting", "2.0", "WORDS = 1\n")


def other_source(file: Path) -> None:
    (file.parent / "source" / "module.py").write_text("WORDS = 1\n")


@pytest.mark.parametrize(
    "edit",
    [
        other_version,
        other_hash,
        other_included,
        other_wheel,
        another_wheel,
        other_source,
    ],
)
def test_other_packages_have_another_digest(file: Path, edit: Callable[[Path], None]):
    before = digest_of(file)

    edit(file)

    assert before is not None
    assert digest_of(file) not in {before, None}


def comment(file: Path) -> None:
    file.write_text(f"# why\n\n{file.read_text()}")


def build(file: Path) -> None:
    for name in ("build", "source.egg-info", ".cache", "__pycache__"):
        (file.parent / "source" / name).mkdir()
        (file.parent / "source" / name / "made").touch()


def beside(file: Path) -> None:
    file.with_name("module.py").write_text("1")


@pytest.mark.parametrize("edit", [comment, build, beside])
def test_the_same_packages_have_the_same_digest(
    file: Path, edit: Callable[[Path], None]
):
    before = digest_of(file)

    edit(file)

    assert digest_of(file) == before is not None


def test_each_python_has_installations_of_its_own(file: Path):
    digest = digest_of(file)

    assert digest is not None
    assert digest.startswith(f"{sys.implementation.cache_tag}-")


def test_files_that_include_each_other_are_read_once(tmp_path: Path):
    (tmp_path / "a.txt").write_text("-r b.txt\none\n")
    (tmp_path / "b.txt").write_text("-r a.txt\ntwo\n")

    assert digest_of(tmp_path / "a.txt") is not None
