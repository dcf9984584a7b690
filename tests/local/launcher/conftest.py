import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.launcher.errors import LaunchError
from local.launcher.ports import Ports, claim_all


@pytest.fixture
def template() -> Path:
    return Path(__file__).with_name("small_template.yaml")


@pytest.fixture
def ports() -> Ports:
    """A broker's port whose neighbours are free as well."""
    while True:
        # Below the ports that the kernel hands out by itself.
        ports = Ports(broker=random.randrange(10_000, 30_000))  # noqa: S311 - no secret
        wanted = (ports.broker, ports.endpoint, ports.function(0), ports.function(1))
        try:
            claimed = claim_all(wanted)
        except LaunchError:
            continue
        for one in claimed:
            one.close()
        return ports


@pytest.fixture(scope="session", autouse=True)
def no_account_of_a_developer_is_in_reach() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in [one for one in os.environ if one.startswith(("AWS_", "MOTO_"))]:
            patched.delenv(name)
        patched.setenv("AWS_CONFIG_FILE", os.devnull)
        patched.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield
