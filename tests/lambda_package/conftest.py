from collections.abc import Iterator

import pytest

from tests.lambda_package.building import HERE, LAMBDA, Built, require_built
from tests.stack import Stack, running_stack


@pytest.fixture(scope="session", params=[HERE, LAMBDA])
def built(request: pytest.FixtureRequest) -> Built:
    """Give all packages of `make build`: for the Python here, and for Lambda's."""
    return require_built(request.param)


@pytest.fixture(scope="session")
def stack_as_built(
    built: Built, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Start a stack that runs them: all of it is what ships, but AWS."""
    with running_stack(
        tmp_path_factory.mktemp(f"built-{built.name}"),
        build=(built.folder, built.python),
    ) as running:
        yield running
