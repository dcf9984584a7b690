from pathlib import Path

import pytest

from tests.container.containerfile import build


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image holds, without what is below it."""
    folder = tmp_path_factory.mktemp("built") / "image"
    build(folder)
    return folder
