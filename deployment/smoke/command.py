"""``python -m deployment.smoke``: its options, its exit codes, what it is made of."""

import argparse
import getpass
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from aikagi.commands.output import echo, echo_error, echo_json, prepare_streams
from aikagi.errors import AddressError, AikagiError
from aikagi.http_client import build_client
from app.adapters import aws
from app.admin.errors import UsageError
from app.admin.exit_codes import ExitCode, exit_code_of
from app.admin.places import use_environment
from deployment.smoke.account import Account
from deployment.smoke.checks import Outcome, SmokeCheck, run_checks
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import State
from deployment.smoke.plan import CHECKS
from deployment.smoke.report import show, summary, to_json

Wait = Callable[[float], object]

_UNREACHABLE: Final = "broker"
"""The check without which nothing else can be tried."""

_ANNOUNCED: Final = 5
"""Seconds. A shorter wait needs no word."""

_HELP: Final = """\
The password is asked for, or read from the first line of standard input. What a user
can see is tried with theirs alone; what takes more, with --stack and the AWS
credentials and Region of the environment. It logs out in the end, and writes nothing
that stays.

exit codes:
  0  no check failed            3  there are no AWS credentials, or they have expired
  1  a check failed             4  AWS does not let the operator look at the stack
  2  the command is wrong, or there is no such stack
  5  the broker or AWS is out of reach
  130  interrupted

example:
  python -m deployment.smoke --broker https://broker.example/ --user smoke \\
    --stack aikagi --json
"""


def main(arguments: Sequence[str] | None = None, *, wait: Wait | None = None) -> int:
    """Run it and return its exit code. ``wait`` lets seconds pass, unless given."""
    prepare_streams()
    options = build_parser().parse_args(arguments)
    try:
        return _run(options, wait or _wait_aloud)
    except BrokenPipeError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE
    except KeyboardInterrupt:
        echo_error("")
        return ExitCode.INTERRUPTED
    except (UsageError, AddressError) as error:
        echo_error(str(error))
        return ExitCode.USAGE
    except (BotoCoreError, ClientError) as error:
        echo_error(f"The stack cannot be looked at: {error}")
        return _exit_code_of(error)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.smoke",
        description="Check a deployment: what must work, and what must be refused.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--broker", metavar="URL", help="the output GrantApiUrl")
    parser.add_argument("--user", metavar="NAME", help="of the broker's own users")
    parser.add_argument(
        "--stack", metavar="NAME", help="look at the stack as its operator, too"
    )
    parser.add_argument(
        "--function",
        metavar="NAME",
        default="hello",
        help="which is called, by GET; hello, unless given",
    )
    parser.add_argument(
        "--origin", metavar="ORIGIN", help="of pages that AllowedOrigins lists"
    )
    parser.add_argument(
        "--revoke",
        action="store_true",
        help="revoke a session of the user's own, see it refused, and undo that",
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="leave out what takes seconds to see"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.add_argument(
        "--local",
        nargs="?",
        const="",
        metavar="PORT",
        help="the operator's credentials of the stack that `make run` started here",
    )
    return parser


def _run(options: argparse.Namespace, wait: Wait) -> int:
    if not options.broker or not options.user:
        raise UsageError(
            "Name the broker and who logs in: make smoke BROKER=https://… USER=alice"
        )
    use_environment(options)
    account = _account(options.stack)
    deployed = Deployment(
        base=options.broker,
        username=options.user,
        password=_password(options),
        function=options.function,
        origin=options.origin,
        account=account,
        client=build_client(),
        clock=time.time,
        wait=None if options.no_wait else wait,
        endpoint=os.environ.get("AWS_ENDPOINT_URL") or None,
        revokes=options.revoke,
    )
    try:
        outcomes = _shown(CHECKS, deployed, quiet=options.json)
    finally:
        _close(deployed)
    if options.json:
        about = {"Broker": deployed.base, "User": options.user, "Stack": options.stack}
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        echo_json(to_json(outcomes, Time=at, **about))
    else:
        echo(summary(outcomes))
    return _code_of_run(outcomes)


def _shown(
    checks: Iterable[SmokeCheck], deployed: Deployment, *, quiet: bool
) -> list[Outcome]:
    outcomes = []
    for outcome in run_checks(checks, deployed):
        outcomes.append(outcome)
        if not quiet:
            show(outcome)
        if outcome.check.name == _UNREACHABLE and outcome.state is State.FAILED:
            break
    return outcomes


def _code_of_run(outcomes: Sequence[Outcome]) -> ExitCode:
    failed = [o.check.name for o in outcomes if o.state is State.FAILED]
    if _UNREACHABLE in failed:
        return ExitCode.UNREACHABLE
    return ExitCode.NOT_DONE if failed else ExitCode.DONE


def _account(stack: str | None) -> Account | None:
    """Open the account, and look the stack up before a password is asked for."""
    if not stack:
        return None
    account = Account(aws.new_session(), stack=stack)
    _ = account.status
    return account


def _exit_code_of(error: BotoCoreError | ClientError) -> ExitCode:
    if isinstance(error, ClientError):
        # CloudFormation's word for a stack that is not there.
        code = error.response.get("Error", {}).get("Code")
        if code == "ValidationError":
            return ExitCode.USAGE
    return exit_code_of(error)


def _password(options: argparse.Namespace) -> str:
    if not sys.stdin.isatty():
        typed = sys.stdin.readline().rstrip("\n")
    else:
        try:
            typed = getpass.getpass(f"Password of {options.user}: ")
        except EOFError:
            typed = ""
    if not typed:
        raise UsageError(
            "There is no password: type it when asked, or give it on standard input."
        )
    return typed


def _close(deployed: Deployment) -> None:
    try:
        failure = deployed.close()
    except AikagiError as error:
        failure = error
    if failure is not None:
        echo_error(f"Not logged out, so the login ends by itself: {failure}")


def _wait_aloud(seconds: float) -> None:
    if seconds >= _ANNOUNCED:
        echo_error(f"Waiting for {seconds:.0f} s …")
    time.sleep(seconds)
