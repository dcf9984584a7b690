"""The program that installs packages: uv or pip."""

import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from aikagi_emulator.launcher.errors import LaunchError


def installer_of(shell: Mapping[str, str]) -> list[str]:
    """Return the beginning of a command, up to what is to be installed where.

    What installed the emulator knows the index of whoever did: uv or pip of its own
    environment, and else the uv of the shell.

    Raises:
        LaunchError: there is none.
    """
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is not None:
        return _uv(uv)
    if find_spec("pip") is not None:
        return pip_of(sys.executable)
    uv = shutil.which("uv", path=shell.get("PATH", os.defpath))
    if uv is not None:
        return _uv(uv)
    msg = "Functions name packages, and neither uv nor pip is there to install them."
    raise LaunchError(msg)


def pip_of(python: str) -> list[str]:
    # -P: the folder of a function, where this runs, is no place to import pip from.
    command = [python, "-P", "-m", "pip", "install", "--quiet", "--no-input"]
    return [*command, "--disable-pip-version-check"]


def _uv(program: str) -> list[str]:
    command = [program, "pip", "install", "--quiet", "--python", sys.executable]
    return [*command, "--compile-bytecode"]
