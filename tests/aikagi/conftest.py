from collections.abc import Iterator

import pytest

from aikagi import Broker
from tests.aikagi.loopback import PASSWORD, Loopback, running


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    yield from running()


@pytest.fixture
def alice(loopback: Loopback) -> Iterator[Broker]:
    """Give a client in which alice is logged in."""
    with Broker(loopback.base) as broker:
        broker.login("alice", PASSWORD)
        yield broker
