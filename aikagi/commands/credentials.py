"""``aikagi credentials``: the ``credential_process`` of AWS's SDKs and CLI.

They start it whenever they want credentials, several at once too: what is cached is
answered without an HTTP client being imported, and one process fetches for all.
"""

import argparse
import re
import time
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_json
from aikagi.commands.suggestions import suggested
from aikagi.errors import BrokerError
from aikagi.expiry import RefreshNeed
from aikagi.grant import GrantLifetime
from aikagi.records import TOKENS, grant_entry_name, read_grant, read_tokens

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.commands.command import Subparsers
    from aikagi.grant import Grant

_HOUR: Final = 3600
_MIN_REMAINING: Final = 1200
"""Seconds. botocore renews a quarter of an hour before the end: of a grant that ends
sooner it would ask again at every use."""

_VARIABLES: Final = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
    "AWS_CREDENTIAL_EXPIRATION": "Expiration",
}
"""As ``aws configure export-credentials --format env`` has them."""

_OUT_OF_RANGE: Final = "urn:aikagi:problem:duration-out-of-range"

_EPILOG: Final = """\
examples:
  aikagi credentials hello
  eval "$(aikagi credentials hello --format env)"

In ~/.aws/config:
  [profile hello]
  region = ap-northeast-1
  credential_process = aikagi credentials hello
"""


def add(subparsers: "Subparsers") -> None:
    added = command(
        subparsers,
        "credentials",
        "give AWS credentials for a function",
        _credentials,
        _EPILOG,
    )
    added.add_argument("function", metavar="FUNCTION")
    added.add_argument(
        "--duration",
        type=_whole_seconds,
        metavar="SECONDS",
        help="how long they are good for; an hour, or as long as the function allows",
    )
    added.add_argument(
        "--format",
        choices=["process", "json", "env"],
        default="process",
        help="what credential_process wants (which is usual), all that a client needs "
        "as JSON, or variables for a shell",
    )


def _credentials(options: argparse.Namespace) -> int:
    context = Context.from_options(options)
    grant = _cached(context, options.function, _lifetime(options.duration or _HOUR))
    if grant is None:
        with context.broker() as broker, suggested(context, broker, options.function):
            grant = _fetch(broker, options.function, options.duration)
    _show(grant, options.format)
    return ExitCode.DONE


def _show(grant: "Grant", wanted: str) -> None:
    members = grant.for_sdk()
    match wanted:
        case "process":
            echo_json(members)
        case "json":
            del members["Version"]
            members |= {
                "FunctionName": grant.function_name,
                "FuncUrl": grant.func_url,
                "Region": grant.region,
                "InvokeMode": grant.invoke_mode,
            }
            echo_json(members)
        case _:
            import shlex

            for variable, member in _VARIABLES.items():
                # A shell evaluates it, and it comes from elsewhere.
                echo(f"export {variable}={shlex.quote(members[member])}")


def _cached(context: Context, function: str, lifetime: GrantLifetime) -> "Grant | None":
    tokens = read_tokens(context.store.entry(TOKENS))
    if tokens is None:
        return None
    entry = context.store.entry(grant_entry_name(function, lifetime.seconds))
    grant = read_grant(entry, tokens.login_id)
    if grant is None:
        return None
    need = lifetime.refresh_need(grant, time.time())
    return None if need is RefreshNeed.MANDATORY else grant


def _fetch(broker: "Broker", function: str, wanted: int | None) -> "Grant":
    try:
        return _fetch_for(broker, function, wanted or _HOUR)
    except BrokerError as error:
        if wanted or error.type != _OUT_OF_RANGE:
            raise
        most = {entry.name: entry.max_duration_seconds for entry in broker.functions()}
        if function not in most:
            raise
    try:
        return _fetch_for(broker, function, most[function])
    except BrokerError as error:
        if error.type != _OUT_OF_RANGE:
            raise
    # The login ends sooner than that: as long as there can be.
    return broker.grant(function)


def _fetch_for(broker: "Broker", function: str, seconds: int) -> "Grant":
    lifetime = _lifetime(seconds)
    return broker.grant(
        function,
        duration_seconds=lifetime.seconds,
        min_remaining_seconds=lifetime.min_remaining,
    )


def _whole_seconds(typed: str) -> int:
    # Of more digits, no file is named.
    if not re.fullmatch("[0-9]{1,9}", typed) or not int(typed):
        raise argparse.ArgumentTypeError(f"{typed!r} is no number of seconds")
    return int(typed)


def _lifetime(seconds: int) -> GrantLifetime:
    return GrantLifetime(
        seconds=seconds, min_remaining=min(_MIN_REMAINING, seconds / 3)
    )
