"""That the demo users arrive is seen in test_stack.py."""

from datetime import UTC, datetime

import pytest

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import claim, origin
from aikagi_emulator.launcher.seed import seed_users


def test_an_endpoint_that_does_not_answer_is_a_sentence():
    with claim(0) as claimed:
        port = claimed.getsockname()[1]
    operator = {
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "ap-northeast-1",
        "AWS_ENDPOINT_URL": origin(port),
    }

    with pytest.raises(LaunchError, match="The demo users cannot be added: ") as caught:
        seed_users(operator, table="users", clock=lambda: datetime.now(UTC))

    assert caught.value.exit_code == 1
