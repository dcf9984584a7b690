"""``aikagi credentials``: the ``credential_process`` of AWS's SDKs and CLI.

They start it whenever they want credentials, several at once too: what is cached is
answered without an HTTP client being imported, and one process fetches for all.
"""

import argparse
import json
import time
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo
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

_OUT_OF_RANGE: Final = "urn:aikagi:problem:duration-out-of-range"

_EPILOG: Final = """\
In ~/.aws/config:
  [profile hello]
  region = ap-northeast-1
  credential_process = aikagi credentials hello
"""


def add(subparsers: "Subparsers") -> None:
    added = command(
        subparsers,
        "credentials",
        "give AWS credentials, as credential_process wants them",
        _credentials,
    )
    added.epilog = _EPILOG
    added.add_argument("function", metavar="FUNCTION")
    added.add_argument(
        "--duration",
        type=int,
        metavar="SECONDS",
        help="how long they are good for; an hour, or as long as the function allows",
    )


def _credentials(options: argparse.Namespace) -> int:
    context = Context.from_options(options)
    grant = _cached(context, options.function, _lifetime(options.duration or _HOUR))
    if grant is None:
        with context.broker() as broker:
            grant = _fetch(broker, options.function, options.duration)
    echo(json.dumps(grant.for_sdk()))
    return ExitCode.DONE


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
    [most] = [
        entry.max_duration_seconds
        for entry in broker.functions()
        if entry.name == function
    ]
    return _fetch_for(broker, function, most)


def _fetch_for(broker: "Broker", function: str, seconds: int) -> "Grant":
    lifetime = _lifetime(seconds)
    return broker.grant(
        function,
        duration_seconds=lifetime.seconds,
        min_remaining_seconds=lifetime.min_remaining,
    )


def _lifetime(seconds: int) -> GrantLifetime:
    return GrantLifetime(
        seconds=seconds, min_remaining=min(_MIN_REMAINING, seconds / 3)
    )
