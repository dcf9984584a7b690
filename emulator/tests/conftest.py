import atexit
import gc
from collections.abc import Iterator

import pytest

from aikagi_emulator.pytest_plugin import free_ports


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays to the end: all modules and all tests."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.freeze)


@pytest.fixture(scope="session", autouse=True)
def no_certificate_authorities(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Trust no authority of this machine: nothing here is of the internet.

    To read them takes longer than most requests, and every client of HTTP does.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("SSL_CERT_FILE", raising=False)
        patched.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("authorities")))
        yield


@pytest.fixture
def free_first_port() -> Iterator[int]:
    """A first port whose neighbours are free as well."""
    with free_ports() as first:
        yield first
