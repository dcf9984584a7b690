"""The smoke test, run against a stack here, with the stack's clock to wait by."""

import io
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from unittest import mock

import boto3
import httpx2

from deployment.smoke.account import Account
from deployment.smoke.checks import Outcome, run_checks
from deployment.smoke.command import main
from deployment.smoke.deployment import Deployment
from deployment.smoke.plan import CHECKS
from tests.stack import Stack, clean_environment

STACK_NAME: Final = "local"

_LONGEST_DELAY: Final = 10
"""Seconds that AWS may need for what is done at once here. Longer is a grant's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """``waited`` is what the checks waited for, in seconds."""

    code: int
    output: str
    errors: str
    waited: list[float] = field(default_factory=list)

    @property
    def report(self) -> dict[str, Any]:
        """Of a run with ``--json``."""
        read: dict[str, Any] = json.loads(self.output)
        return read

    def named(self, state: str) -> set[str]:
        """Give the names of the checks with a state."""
        checks = self.report["Checks"]
        return {check["Check"] for check in checks if check["State"] == state}

    def check(self, name: str) -> dict[str, Any]:
        (found,) = (c for c in self.report["Checks"] if c["Check"] == name)
        return dict(found)


@contextmanager
def person_at(
    stack: Stack, *, client: httpx2.Client, wait: Callable[[float], object]
) -> Iterator[Deployment]:
    """Log alice in, beside an operator, to make some checks and not all."""
    variables = clean_environment(**stack.operator)
    with mock.patch.dict(os.environ, variables, clear=True):
        deployment = Deployment(
            base=stack.broker,
            username="alice",
            password=stack.users["alice"],
            function="hello",
            origin=None,
            account=Account(boto3.session.Session(), stack=STACK_NAME),
            client=client,
            clock=time.time,
            wait=wait,
            endpoint=stack.endpoint,
            revokes=False,
        )
        deployment.broker.login("alice", stack.users["alice"])
        yield deployment
        assert deployment.close() is None


def outcome_of(name: str, deployment: Deployment) -> Outcome:
    """Make one check."""
    (check,) = (check for check in CHECKS if check.name == name)
    (outcome,) = run_checks([check], deployment)
    return outcome


def run(
    stack: Stack,
    *arguments: str,
    password: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run it as alice, whose password is given unless another is.

    ``environment`` is somebody's instead of the operator's.
    """
    typed = stack.users["alice"] if password is None else password
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if seconds > _LONGEST_DELAY:
            stack.controls.advance(timedelta(seconds=seconds))

    variables = clean_environment(**(environment or stack.operator))
    output, errors = io.StringIO(), io.StringIO()
    with ExitStack() as during:
        during.enter_context(mock.patch.dict(os.environ, variables, clear=True))
        during.enter_context(mock.patch("sys.stdin", io.StringIO(f"{typed}\n")))
        during.enter_context(redirect_stdout(output))
        during.enter_context(redirect_stderr(errors))
        during.callback(stack.controls.reset)
        code = main(
            ["--broker", stack.broker, "--user", "alice", *arguments], wait=wait
        )
    return Run(
        code=code, output=output.getvalue(), errors=errors.getvalue(), waited=waited
    )


def run_as_operator(
    stack: Stack, *arguments: str, environment: Mapping[str, str] | None = None
) -> Run:
    """Run everything there is to run, as JSON."""
    everything = ("--stack", STACK_NAME, "--revoke", "--json", *arguments)
    return run(stack, *everything, environment=environment)
