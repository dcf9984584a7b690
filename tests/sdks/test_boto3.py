"""boto3 fetches, keeps and renews credentials at the broker by itself."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import ContainerProvider, RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError
from botocore.utils import ContainerMetadataFetcher

from tests.aws_caller import Person, sign
from tests.sdks.conftest import CREDENTIALS, WAYS, SdkEnvironment, as_sent, is_alice
from tests.stack import ROOT, clean_environment

By = Callable[..., SdkEnvironment]


@pytest.fixture
def boto(monkeypatch: pytest.MonkeyPatch) -> Callable[[SdkEnvironment], boto3.Session]:
    """Open a session as a program does that was started there."""

    def start(environment: SdkEnvironment) -> boto3.Session:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in environment.variables.items():
            monkeypatch.setenv(name, value)
        return boto3.Session()

    return start


def identity(session: boto3.Session, environment: SdkEnvironment) -> Any:
    sts = session.client("sts", endpoint_url=environment.stack.endpoint)
    return sts.get_caller_identity()


def kept_by(session: boto3.Session) -> RefreshableCredentials:
    credentials = session.get_credentials()
    assert isinstance(credentials, RefreshableCredentials)
    return credentials


def moved(credentials: RefreshableCredentials, **by: float) -> None:
    """Move the one clock that botocore asks whether it is time to renew."""
    zone = datetime.now().astimezone().tzinfo
    credentials._time_fetcher = (  # type: ignore[attr-defined] # what it asks
        lambda: datetime.now(zone) + timedelta(**by)
    )


@pytest.mark.parametrize("way", WAYS)
def test_several_calls_are_one_fetch(
    way: str,
    by_container: By,
    alice: Person,
    boto: Callable[[SdkEnvironment], boto3.Session],
):
    environment = by_container(alice.token, way)
    session = boto(environment)

    sts = session.client("sts", endpoint_url=environment.stack.endpoint)

    called = [sts.get_caller_identity() for _ in range(3)]

    assert all(map(is_alice, called))
    [fetched] = environment.relay.asked(CREDENTIALS)
    assert fetched.authorization == as_sent(alice.token, way)


def test_the_function_knows_who_signed(
    by_container: By, alice: Person, boto: Callable[[SdkEnvironment], boto3.Session]
):
    environment = by_container(alice.token)
    frozen = kept_by(boto(environment)).get_frozen_credentials()
    grant = {
        "AccessKeyId": str(frozen.access_key),
        "SecretAccessKey": str(frozen.secret_key),
        "SessionToken": str(frozen.token),
        "FuncUrl": environment.stack.functions["hello"],
        "Region": environment.stack.region,
    }

    answer = sign(grant).send()

    assert answer.json()["caller"] == {"issuer": "local", "subject": "alice"}


def test_an_hour_is_renewed_in_its_last_quarter_with_the_token_then_in_the_file(
    by_container: By, alice: Person, boto: Callable[[SdkEnvironment], boto3.Session]
):
    environment = by_container(alice.token, "file, bare")
    session = boto(environment)
    credentials = kept_by(session)
    first = credentials.get_frozen_credentials()
    later = Person.log_in(
        environment.stack.broker, "alice", environment.stack.users["alice"]
    )
    file = Path(environment.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
    file.write_text(later.token)

    def sent() -> list[str | None]:
        return [asked.authorization for asked in environment.relay.asked(CREDENTIALS)]

    moved(credentials, minutes=44)
    assert credentials.get_frozen_credentials() == first
    assert sent() == [alice.token]
    moved(credentials, minutes=46)
    credentials.get_frozen_credentials()
    assert sent() == [alice.token, later.token]

    # The broker's own clock was not moved: it hands the same session out again.
    assert is_alice(identity(session, environment))


def test_a_quarter_of_an_hour_is_fetched_again_at_every_use(
    by_container: By, alice: Person, boto: Callable[[SdkEnvironment], boto3.Session]
):
    environment = by_container(alice.token, query="?DurationSeconds=900")
    sts = boto(environment).client("sts", endpoint_url=environment.stack.endpoint)

    for _ in range(3):
        assert is_alice(sts.get_caller_identity())

    assert environment.requests() > 3


@pytest.mark.parametrize(
    ("token", "status", "said"),
    [
        pytest.param(
            "forged",
            401,
            {
                "Code": "TokenRejected",
                "Message": "The access token was not accepted; log in again",
            },
            id="a token that is none",
        ),
        pytest.param(
            None,
            403,
            {
                "Code": "FunctionNotAvailable",
                "Message": "There is no function of that name that you may call",
            },
            id="a function of others",
        ),
    ],
)
def test_what_the_broker_says_is_shown(
    bare: SdkEnvironment, token: str | None, status: int, said: dict[str, str]
):
    bob = Person.log_in(bare.stack.broker, "bob", bare.stack.users["bob"])
    provider = ContainerProvider(
        environ={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": (
                f"{bare.relay.url}/credentials/report"
            ),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token or bob.token,
        },
        # It waits a second before each of three tries.
        fetcher=ContainerMetadataFetcher(sleep=lambda _: None),  # type: ignore[arg-type] # the stubs name another
    )

    with pytest.raises(CredentialRetrievalError) as caught:
        provider.load()

    assert f"Received non 200 response {status}" in str(caught.value)
    assert json.dumps(said, separators=(",", ":")) in str(caught.value)
    assert len(bare.relay.asked("/credentials/report")) == 3


def test_a_token_file_with_a_line_end_is_refused_by_the_sdk_itself(
    by_container: By, alice: Person, boto: Callable[[SdkEnvironment], boto3.Session]
):
    environment = by_container(alice.token + "\n", "file, bare")

    with pytest.raises(ValueError, match="not a legal header value"):
        boto(environment).get_credentials()
    assert environment.requests() == 0


def test_a_token_file_that_aikagi_keeps_is_what_the_sdk_wants(
    by_process: SdkEnvironment,
    by_container: By,
    boto: Callable[[SdkEnvironment], boto3.Session],
):
    home = Path(by_process.variables["HOME"])
    file = home / "kept"
    watching = subprocess.Popen(
        [sys.executable, "-m", "aikagi", "token", "--file", str(file), "--watch"],
        env=clean_environment(**by_process.variables),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watching.stdout
        assert "is fresh for" in watching.stdout.readline()
        environment = by_container("unused").with_(
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file)
        )
        assert is_alice(identity(boto(environment), environment))
    finally:
        watching.send_signal(signal.SIGTERM)
        watching.communicate(timeout=30)
    assert watching.returncode == 0


def test_aikagi_is_its_credential_process(
    by_process: SdkEnvironment, boto: Callable[[SdkEnvironment], boto3.Session]
):
    first, second = boto(by_process), boto(by_process)

    assert is_alice(identity(first, by_process))
    assert is_alice(identity(second, by_process))
    # One grant for both: the command keeps it.
    assert len(by_process.relay.asked("/grant")) == 1
