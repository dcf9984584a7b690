"""The packages as they are built, for the Python that is here and for Lambda's."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import pytest

from tests.browser_setup import is_required
from tests.stack import ROOT

_TOOLS: Final = ROOT / ".tools"

HERE: Final = "here"
LAMBDA: Final = {"aarch64": "arm64"}.get(platform.machine(), "x86_64")
"""Lambda's name for the processor of this machine."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """``folder`` has one for each function and the layer; ``python`` runs them."""

    name: str
    folder: Path
    python: Path


def require_built(name: str) -> Built:
    """Give packages that are of the sources as they are now.

    Where they were never made, skip the test that asks; in CI, fail, but for want of
    Lambda's Python, which set-up tells.
    """
    is_declined = name == LAMBDA and os.environ.get("LAMBDA_PYTHON") == ""
    if is_declined or not _runtime(name).exists():
        reason = f"make built-{name}: NOT tried"
        if is_required() and name == HERE:
            pytest.fail(reason)
        pytest.skip(reason)
    # What is fetched is there since set-up: this is for an edit since then.
    make = ("make", "--silent", f"built-{name}")
    subprocess.run(make, cwd=ROOT, check=True, timeout=100)
    return Built(
        name=name,
        folder=_TOOLS / "built" / name,
        python=_runtime(name).parent / "bin" / "python",
    )


def _runtime(name: str) -> Path:
    return _TOOLS / "runtime" / name / ".installed"
