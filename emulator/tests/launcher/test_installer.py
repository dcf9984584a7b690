"""Which program installs the packages of functions."""

import sys
from pathlib import Path

import pytest

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.installer import installer_of, pip_of


def program(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    path.chmod(0o755)
    return path


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The emulator's: it has neither uv nor pip."""
    python = program(tmp_path / "environment" / "python")
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setitem(sys.modules, "pip", None)
    return python.parent


def test_uv_of_the_emulator_s_environment_comes_first(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    uv = program(environment / "uv")
    program(tmp_path / "bin" / "uv")
    monkeypatch.delitem(sys.modules, "pip")

    found = installer_of({"PATH": str(tmp_path / "bin")})

    assert found[:3] == [str(uv), "pip", "install"]
    assert found[found.index("--python") + 1] == sys.executable


@pytest.mark.usefixtures("environment")
def test_then_comes_its_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "bin" / "uv")
    monkeypatch.delitem(sys.modules, "pip")

    assert installer_of({"PATH": str(tmp_path / "bin")}) == pip_of(sys.executable)


@pytest.mark.usefixtures("environment")
def test_then_comes_uv_of_the_shell(tmp_path: Path):
    uv = program(tmp_path / "bin" / "uv")

    assert installer_of({"PATH": str(tmp_path / "bin")})[0] == str(uv)


@pytest.mark.usefixtures("environment")
def test_none_of_them_is_a_sentence(tmp_path: Path):
    with pytest.raises(LaunchError, match="neither uv nor pip is there"):
        installer_of({"PATH": str(tmp_path)})
