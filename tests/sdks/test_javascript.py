"""AWS's SDK for JavaScript v3, in a node of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.aws_caller import Person
from tests.node import NODE
from tests.sdks.at_length import NODE_PACKAGES, only_with_node
from tests.sdks.conftest import CREDENTIALS, WAYS, SdkEnvironment, as_sent

only_with_node()

By = Callable[..., SdkEnvironment]
SCRIPT: Final = Path(__file__).parent / "node" / "sdk.mjs"


def node(environment: SdkEnvironment, what: str, *arguments: str) -> Any:
    done = environment.run(
        *("env", f"--chdir={NODE_PACKAGES}", NODE, str(SCRIPT), what),
        *(environment.stack.endpoint, *arguments),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answer_of(environment: SdkEnvironment, what: str, *arguments: str) -> Any:
    said = node(environment, what, *arguments)
    assert "told" in said, said
    return said["told"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", ["fromHttp", "default"])
def test_several_calls_are_one_fetch(
    provider: str, way: str, by_container: By, alice: Person
):
    environment = by_container(alice.token, way)

    arns = answer_of(environment, f"identities {provider}")

    assert [arn.rpartition("/")[2] for arn in arns] == ["local+alice"] * 3
    [fetched] = environment.relay.asked(CREDENTIALS)
    assert fetched.authorization == as_sent(alice.token, way)


@pytest.mark.parametrize("way", ["bare", "Bearer"])
def test_the_older_provider_fetches_too_from_loopback(
    way: str, by_container: By, alice: Person
):
    environment = by_container(alice.token, way)

    arns = answer_of(environment, "identities fromContainerMetadata")

    assert [arn.rpartition("/")[2] for arn in arns] == ["local+alice"] * 3
    assert environment.requests() == 1


@pytest.mark.parametrize("provider", ["fromHttp", "default"])
def test_it_renews_with_five_minutes_left(
    provider: str, by_container: By, alice: Person
):
    environment = by_container(alice.token)

    at_once, with_six_left, with_four_left = answer_of(environment, f"keys {provider}")

    assert at_once == with_six_left != with_four_left
    # By the clock that was moved the new key is as old, and the chain asks once more.
    assert environment.requests() == (2 if provider == "fromHttp" else 3)


def test_the_function_knows_who_signed(by_container: By, alice: Person):
    environment = by_container(alice.token)

    answer = answer_of(environment, "called", environment.stack.functions["hello"])

    assert answer["caller"] == {"issuer": "local", "subject": "alice"}


def test_by_aikagi_all_programs_share_one_grant(by_process: SdkEnvironment):
    for _ in range(2):
        [arn, *_] = answer_of(by_process, "identities default")
        assert arn.endswith("/local+alice")

    assert len(by_process.relay.asked("/grant")) == 1


def test_what_the_broker_says_is_on_the_error(by_container: By):
    environment = by_container("forged")

    error = node(environment, "identities fromHttp")["error"]

    assert error == {
        "name": "CredentialsProviderError",
        "message": "Server responded with status: 401",
        "Code": "TokenRejected",
        "Message": "The access token was not accepted; log in again",
    }
    assert environment.requests() == 4


def test_the_chain_of_every_client_keeps_it_to_itself(by_container: By):
    environment = by_container("forged")

    error = node(environment, "identities default")["error"]

    assert error["message"] == "Could not load credentials from any providers"
    assert "Code" not in error
