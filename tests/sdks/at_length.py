"""What is tried by `make clients` alone: strangers that have to be installed."""

import os
from pathlib import Path
from typing import Final

import pytest

from tests.node import node_packages, require_packages

_TOOLS: Final = Path(__file__).parents[2] / ".tools"

AWS: Final = _TOOLS / "sdks" / "bin" / "aws"
NODE_PACKAGES: Final = node_packages("sdks")

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
    require_packages("sdks")
