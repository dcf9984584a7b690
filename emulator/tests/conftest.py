from collections.abc import Iterator

import pytest

from aikagi_emulator.pytest_plugin import free_ports


@pytest.fixture
def free_first_port() -> Iterator[int]:
    """A first port whose neighbours are free as well."""
    with free_ports() as first:
        yield first
