import os
from collections.abc import Iterator

import pytest

from aikagi_emulator.launcher.ports import Ports


@pytest.fixture
def ports(free_first_port: int) -> Ports:
    return Ports(first=free_first_port)


@pytest.fixture(scope="session", autouse=True)
def no_account_of_a_developer_is_in_reach() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in [
            known for known in os.environ if known.startswith(("AWS_", "MOTO_"))
        ]:
            patched.delenv(name)
        patched.setenv("AWS_CONFIG_FILE", os.devnull)
        patched.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield
