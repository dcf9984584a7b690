"""The node of `.tools/node`, and the packages of JavaScript that Makefile installs."""

import os
from pathlib import Path
from typing import Final

import pytest

from tests.browser_setup import is_required
from tests.stack import ROOT

_TOOLS: Final = ROOT / ".tools"
_BIN: Final = _TOOLS / "node" / "bin"

NODE: Final = str(_BIN / "node")
NPM: Final = str(_BIN / "npm")


def node_packages(name: str) -> Path:
    """Give the folder with the packages that ``tests/<name>/node`` locks."""
    return _TOOLS / f"node-{name}"


def require_packages(name: str) -> Path:
    """Give that folder, or skip the test or module that asks; in CI, fail."""
    folder = node_packages(name)
    if not (folder / ".installed").exists():
        reason = f"make {folder.relative_to(ROOT)}/.installed: NOT tried"
        if is_required():
            pytest.fail(reason)
        pytest.skip(reason, allow_module_level=True)
    return folder


def with_node(**more: str) -> dict[str, str]:
    """Give this environment, in which programs find the node as ``node``."""
    path = f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, **more}
