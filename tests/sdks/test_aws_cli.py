"""The AWS CLI as its own program, with a botocore of its own."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.aws_caller import Person
from tests.sdks.at_length import AWS, only_with_the_cli
from tests.sdks.conftest import CREDENTIALS, WAYS, SdkEnvironment, as_sent, is_alice

only_with_the_cli()

By = Callable[..., SdkEnvironment]


def ask(environment: SdkEnvironment) -> Any:
    return environment.run(
        *(str(AWS), "sts", "get-caller-identity", "--output", "json"),
        *("--endpoint-url", environment.stack.endpoint),
    )


@pytest.mark.parametrize("way", WAYS)
def test_it_is_the_person_who_logged_in(way: str, by_container: By, alice: Person):
    environment = by_container(alice.token, way)

    done = ask(environment)

    assert done.returncode == 0, done.stderr
    assert is_alice(json.loads(done.stdout))
    [fetched] = environment.relay.asked(CREDENTIALS)
    assert fetched.authorization == as_sent(alice.token, way)


def test_each_command_fetches_anew(by_container: By, alice: Person):
    environment = by_container(alice.token)

    assert [ask(environment).returncode for _ in range(2)] == [0, 0]
    assert environment.requests() == 2


def test_by_aikagi_all_commands_share_one_grant(by_process: SdkEnvironment):
    done = [ask(by_process) for _ in range(2)]

    assert all(is_alice(json.loads(ran.stdout)) for ran in done)
    assert len(by_process.relay.asked("/grant")) == 1


def test_it_shows_what_the_broker_says(by_container: By):
    environment = by_container("forged")

    done = ask(environment)

    assert done.returncode == 255
    assert "Received non 200 response 401" in done.stderr
    assert "The access token was not accepted; log in again" in done.stderr
    assert environment.requests() == 3


def test_it_shows_what_aikagi_says(by_process: SdkEnvironment):
    logged_out = by_process.with_(
        XDG_STATE_HOME=by_process.variables["HOME"] + "/nothing-here"
    )

    done = ask(logged_out)

    assert done.returncode != 0
    assert "aikagi login" in done.stderr
