"""A whole stack as a process, started and ended as a developer would."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, final

import boto3

from aikagi_emulator import pytest_plugin
from aikagi_emulator.pytest_plugin import AwsStack

ROOT: Final = Path(__file__).parent.parent
PROJECT: Final = ROOT / "emulator.toml"


@final
class Stack(AwsStack):
    """A stack of this project, in which the broker answers."""

    @property
    def broker(self) -> str:
        return str(self.description["Broker"])

    @property
    def users(self) -> dict[str, str]:
        return {
            user["Username"]: user["Password"] for user in self.description["Users"]
        }

    def operator_client(self, service: str) -> Any:
        """Give a client of AWS with the operator's credentials."""
        operator = self.operator
        return boto3.client(  # type: ignore[call-overload] # chosen at run time
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=operator["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=operator["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=operator["AWS_SESSION_TOKEN"] or None,
        )


def clean_environment(**more: str) -> dict[str, str]:
    """Give this process's environment without what would lead an SDK elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "AIKAGI_"))
    }
    return {**kept, **more}


@contextmanager
def running_stack(
    state: Path,
    *,
    template: Path | None = None,
    stacks: Mapping[str, Path] | None = None,
    parameters: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    build: tuple[Path, Path] | None = None,
) -> Iterator[Stack]:
    """Start a stack, wait until it says it is ready, and end it in the end.

    ``stacks`` leads from the names of stacks beside it to their templates. ``build`` is
    a folder of what was built, which is run, and the Python that runs it.
    """
    built = [] if build is None else ["--build", build[0], "--build-python", build[1]]
    with pytest_plugin.running_stack(
        state,
        project=PROJECT,
        template=template,
        arguments=[
            *(f"--parameter={key}={text}" for key, text in (parameters or {}).items()),
            *(f"--stack={name}={path}" for name, path in (stacks or {}).items()),
            *map(str, built),
        ],
        variables=clean_environment(**(variables or {})),
    ) as started:
        yield Stack(**vars(started))
