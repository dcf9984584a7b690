"""Templates of a few lines, loaded as the product's own would be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aikagi_emulator.template import Addresses, Stack, load

Loader = Callable[..., Stack]

HEAD = "Transform: AWS::Serverless-2016-10-31\n"


@pytest.fixture
def addresses() -> Addresses:
    return Addresses(
        http_api=lambda index: f"http://127.0.0.1:{8001 + index}",
        function_url=lambda index: f"http://127.0.0.1:{8101 + index}/",
    )


@pytest.fixture
def load_text(tmp_path: Path, addresses: Addresses) -> Loader:
    """Load a template from its text; keyword arguments are its parameters."""

    def loader(text: str, **parameters: str) -> Stack:
        (tmp_path / "code").mkdir(exist_ok=True)
        path = tmp_path / "template.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        return load(path, addresses=addresses, parameters=parameters)

    return loader
