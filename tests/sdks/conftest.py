"""Somebody's environment in which an SDK finds its credentials at the broker."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.aws_caller import Person
from tests.sdks.relay import Relay, relay_to
from tests.stack import ROOT, Stack, clean_environment

CREDENTIALS: Final = "/credentials/hello"
_SECONDS: Final = 60


@dataclass(frozen=True, kw_only=True)
class SdkEnvironment:
    """The variables that an SDK finds, and a way to run it there."""

    stack: Stack
    relay: Relay
    variables: Mapping[str, str] = field(repr=False)

    def with_(self, **more: str) -> "SdkEnvironment":
        return SdkEnvironment(
            stack=self.stack,
            relay=self.relay,
            variables={**self.variables, **more},
        )

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            env=clean_environment(**self.variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )

    def requests(self) -> int:
        """How often credentials were fetched from the broker."""
        return len(self.relay.asked(CREDENTIALS))


@pytest.fixture
def relay(stack: Stack) -> Iterator[Relay]:
    with relay_to(stack.broker) as running:
        yield running


@pytest.fixture(scope="module")
def alice(stack: Stack) -> Person:
    return Person.log_in(stack.broker, "alice", stack.users["alice"])


@pytest.fixture
def bare(stack: Stack, relay: Relay, tmp_path: Path) -> SdkEnvironment:
    """A machine without credentials, files or a metadata service."""
    return SdkEnvironment(
        stack=stack,
        relay=relay,
        variables={
            "HOME": str(tmp_path),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REGION": stack.region,
            "AWS_DEFAULT_REGION": stack.region,
        },
    )


@pytest.fixture
def by_container(bare: SdkEnvironment) -> Callable[..., SdkEnvironment]:
    """Tell an SDK where to fetch, and the token in one of four ways."""

    def environment_with(
        token: str, way: str = "bare", query: str = ""
    ) -> SdkEnvironment:
        environment = bare.with_(
            AWS_CONTAINER_CREDENTIALS_FULL_URI=bare.relay.url + CREDENTIALS + query
        )
        sent = f"Bearer {token}" if "Bearer" in way else token
        if "file" not in way:
            return environment.with_(AWS_CONTAINER_AUTHORIZATION_TOKEN=sent)
        file = Path(environment.variables["HOME"], "token")
        file.write_text(sent)
        return environment.with_(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file))

    return environment_with


@pytest.fixture
def by_process(bare: SdkEnvironment) -> SdkEnvironment:
    """Log in with ``aikagi``, which is then a profile's ``credential_process``."""
    home = Path(bare.variables["HOME"])
    aikagi = [sys.executable, "-m", "aikagi"]
    environment = bare.with_(
        PYTHONPATH=str(ROOT),
        XDG_STATE_HOME=str(home / "state"),
        AWS_CONFIG_FILE=str(home / "config"),
        AWS_PROFILE="hello",
    )
    (home / "config").write_text(
        f"[profile hello]\nregion = {environment.stack.region}\n"
        f"credential_process = {shlex.join([*aikagi, 'credentials', 'hello'])}\n"
    )
    subprocess.run(
        [
            *(*aikagi, "login", "--broker", environment.relay.url + "/"),
            *("--username", "alice", "--password-stdin"),
        ],
        env=clean_environment(**environment.variables),
        input=environment.stack.users["alice"],
        capture_output=True,
        text=True,
        check=True,
        timeout=_SECONDS,
    )
    return environment


WAYS: Final = ("bare", "Bearer", "file, bare", "file, Bearer")


def as_sent(token: str, way: str) -> str:
    return f"Bearer {token}" if "Bearer" in way else token


def is_alice(identity: Mapping[str, Any]) -> bool:
    """Tell whether GetCallerIdentity names the session that was issued for alice."""
    return str(identity["Arn"]).endswith("/local+alice")
