"""What is tried by `make clients` alone: strangers that have to be installed."""

import os
import shutil
from pathlib import Path
from typing import Final

import pytest

_TOOLS: Final = Path(__file__).parents[2] / ".tools"

AWS: Final = _TOOLS / "sdks" / "bin" / "aws"
NODE_PACKAGES: Final = _TOOLS / "node-sdks"

_ASKED: Final = os.environ.get("AIKAGI_CLIENTS") == "1"


def only_with_the_cli() -> None:
    """Skip the module that calls this where the CLI is not to be tried."""
    if not (_ASKED and AWS.exists()):
        pytest.skip("`make clients` tries the AWS CLI", allow_module_level=True)


def only_with_node() -> None:
    """Skip the module that calls this where JavaScript is not to be tried."""
    if not _ASKED:
        why = "`make clients` tries the SDK for JavaScript"
        pytest.skip(why, allow_module_level=True)
    if not (shutil.which("node") and NODE_PACKAGES.exists()):
        why = "there is no node: the SDK for JavaScript is NOT tried"
        pytest.skip(why, allow_module_level=True)
