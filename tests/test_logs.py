import logging
from collections.abc import Iterator

import pytest

from app import logs


@pytest.fixture(autouse=True)
def levels_as_before() -> Iterator[None]:
    names = ["", *logging.root.manager.loggerDict]
    before = {name: logging.getLogger(name).level for name in names}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("library", ["botocore", "boto3", "urllib3", "s3transfer"])
def test_what_prints_credentials_at_debug_is_kept_above_it(library: str):
    logs.configure("DEBUG")

    assert not logging.getLogger(f"{library}.anything").isEnabledFor(logging.DEBUG)
    assert logging.getLogger("app").isEnabledFor(logging.DEBUG)


def test_a_library_is_not_louder_than_the_rest():
    logs.configure("ERROR")

    assert not logging.getLogger("botocore").isEnabledFor(logging.WARNING)
