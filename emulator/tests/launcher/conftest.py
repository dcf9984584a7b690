import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aikagi_emulator.launcher.ports import Ports
from aikagi_emulator.pytest_plugin import free_ports


@pytest.fixture
def template() -> Path:
    return Path(__file__).with_name("small_template.yaml")


@pytest.fixture
def ports() -> Iterator[Ports]:
    """A broker's port whose neighbours are free as well."""
    with free_ports() as first:
        yield Ports(broker=first)


@pytest.fixture(scope="session", autouse=True)
def no_account_of_a_developer_is_in_reach() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in [one for one in os.environ if one.startswith(("AWS_", "MOTO_"))]:
            patched.delenv(name)
        patched.setenv("AWS_CONFIG_FILE", os.devnull)
        patched.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield
