"""What `make test` does about a browser before the tests begin."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import browser_setup

SCRIPT = Path(browser_setup.__file__)


def a_program(folder: Path, name: str) -> Path:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    "name",
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"],
)
def test_a_browser_on_the_path_is_found(tmp_path: Path, name: str):
    program = a_program(tmp_path, name)

    assert browser_setup.find_chromium({"PATH": str(tmp_path)}) == str(program)


def test_a_browser_that_is_named_comes_first(tmp_path: Path):
    a_program(tmp_path, "chromium")
    mine = a_program(tmp_path, "mine")

    found = browser_setup.find_chromium(
        {"PATH": str(tmp_path), "AIKAGI_CHROMIUM": str(mine)}
    )

    assert found == str(mine)


def test_one_without_windows_is_taken_before_one_with_them(tmp_path: Path):
    a_program(tmp_path, "chromium")
    shell = a_program(tmp_path, "chromium-headless-shell")

    assert browser_setup.find_chromium({"PATH": str(tmp_path)}) == str(shell)


@pytest.mark.parametrize(
    ("found", "environment", "wanted"),
    [
        pytest.param("chromium", {}, False, id="a developer's own will do"),
        pytest.param("chromium", {"AIKAGI_REQUIRE_BROWSER": "1"}, True, id="on CI"),
        pytest.param(
            "chromium-headless-shell",
            {"AIKAGI_REQUIRE_BROWSER": "1"},
            False,
            id="there already",
        ),
        pytest.param(
            "chromium",
            {"AIKAGI_REQUIRE_BROWSER": "1", "AIKAGI_CHROMIUM": "/nonexistent/mine"},
            False,
            id="another was named",
        ),
    ],
)
def test_the_shell_is_installed_where_it_saves_time(
    tmp_path: Path, found: str, environment: dict[str, str], wanted: bool
):
    a_program(tmp_path, found)

    asked = browser_setup.wants_shell({"PATH": str(tmp_path), **environment})

    assert asked is wanted


def test_a_browser_that_is_named_and_missing_is_not_replaced(tmp_path: Path):
    a_program(tmp_path, "chromium")

    found = browser_setup.find_chromium(
        {"PATH": str(tmp_path), "AIKAGI_CHROMIUM": str(tmp_path / "gone")}
    )

    assert found is None


@pytest.mark.parametrize(
    ("required", "status", "said"),
    [
        pytest.param("", 0, "THE BROWSER TESTS WILL BE SKIPPED", id="skipped aloud"),
        pytest.param("1", 1, "AIKAGI_REQUIRE_BROWSER=1, but", id="required"),
    ],
)
def test_a_missing_browser_is_said(required: str, status: int, said: str):
    environment = {
        **os.environ,
        "AIKAGI_CHROMIUM": "/nonexistent/chromium",
        "AIKAGI_REQUIRE_BROWSER": required,
    }

    done = subprocess.run(
        [sys.executable, SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == status
    assert said in done.stderr


def test_a_present_browser_needs_no_words(tmp_path: Path):
    environment = {**os.environ, "AIKAGI_CHROMIUM": str(a_program(tmp_path, "mine"))}

    done = subprocess.run(
        [sys.executable, SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
