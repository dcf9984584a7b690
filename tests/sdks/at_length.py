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
_HAS_NODE: Final = bool(shutil.which("node")) and NODE_PACKAGES.exists()

needs_the_cli: Final = pytest.mark.skipif(
    not (_ASKED and AWS.exists()), reason="`make clients` tries the AWS CLI"
)
needs_node: Final = pytest.mark.skipif(
    not (_ASKED and _HAS_NODE),
    reason=(
        "there is no node: the SDK for JavaScript is NOT tried"
        if _ASKED
        else "`make clients` tries the SDK for JavaScript"
    ),
)
