import logging
from collections.abc import Iterator

import pytest

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.logs import configure


@pytest.fixture(autouse=True)
def quiet_afterwards() -> Iterator[None]:
    names = ("", "botocore", "urllib3", "werkzeug", "moto", "uvicorn", "asyncio")
    before = {name: logging.getLogger(name).level for name in names}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_a_level_holds_everywhere(level: str):
    configure(level, variable="SMALL_LOG_LEVEL")

    assert logging.getLevelName(logging.getLogger().level) == level
    assert logging.getLogger("aikagi_emulator.aws").isEnabledFor(
        getattr(logging, level)
    )


@pytest.mark.parametrize("name", ["botocore.auth", "urllib3", "werkzeug", "moto.core"])
def test_those_who_print_secrets_at_debug_never_get_there(name: str):
    configure("DEBUG", variable="SMALL_LOG_LEVEL")

    assert logging.getLogger("local").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize("level", ["", "debug", "LOUD", "10"])
def test_a_level_that_is_none_is_told_so(level: str):
    with pytest.raises(LaunchError, match="SMALL_LOG_LEVEL is DEBUG, INFO"):
        configure(level, variable="SMALL_LOG_LEVEL")
