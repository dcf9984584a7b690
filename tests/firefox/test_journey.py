"""The page in Firefox, the distribution's own, driven over WebDriver BiDi.

Playwright's Firefox is a build of its own. ``make browsers`` runs this.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.node import NODE, node_packages
from tests.stack import Stack

NODE_PACKAGES: Final = node_packages("firefox")
SCRIPT: Final = Path(__file__).parent / "node/journey.mjs"
FIREFOX: Final = shutil.which("firefox-esr") or shutil.which("firefox")


@pytest.fixture(scope="module")
def seen(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    if os.environ.get("AIKAGI_BROWSERS") != "1":
        pytest.skip("`make browsers` tries Firefox")
    assert FIREFOX, "There is no Firefox. On Debian: apt install firefox-esr"
    downloads = tmp_path_factory.mktemp("downloads")
    script = shutil.copy(SCRIPT, NODE_PACKAGES)
    done = subprocess.run(
        [NODE, script, FIREFOX, stack.broker, downloads],
        input=stack.users["alice"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), downloads


def test_a_task_is_followed_to_its_end(seen: tuple[dict[str, Any], Path]):
    found, _ = seen

    assert found["finished"] == "done"
    assert "A key opens a door." in found["text"]
    assert found["faults"] == []


def test_what_is_downloaded_is_what_was_streamed(seen: tuple[dict[str, Any], Path]):
    found, downloads = seen

    [saved] = downloads.iterdir()
    assert saved.read_text() == found["text"]
    assert saved.suffix == ".txt"


def test_a_task_can_be_cancelled(seen: tuple[dict[str, Any], Path]):
    found, _ = seen

    assert found["cancelled"] == "cancelled"
    assert "You no longer wait for it." in found["note"]
