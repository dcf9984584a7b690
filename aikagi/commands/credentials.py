"""``aikagi credentials``: the ``credential_process`` of AWS's SDKs and CLI.

They start it whenever they want credentials, several at once too: what is cached is
told without an HTTP client being imported, and one process fetches for all.
"""

import argparse
import json
import time
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.exits import Exit
from aikagi.commands.place import Place
from aikagi.commands.saying import say
from aikagi.errors import BrokerError
from aikagi.freshness import Freshness
from aikagi.grant import Term
from aikagi.recall import TOKENS, grant_slot, recall_grant, recall_tokens

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.commands.command import Areas
    from aikagi.grant import Grant

_HOUR: Final = 3600
_REMAINING: Final = 1200
"""Seconds. botocore renews a quarter of an hour before the end: of a grant that ends
sooner it would ask again at every use."""

_OUT_OF_RANGE: Final = "urn:aikagi:problem:duration-out-of-range"

_EPILOG: Final = """\
In ~/.aws/config:
  [profile hello]
  region = ap-northeast-1
  credential_process = aikagi credentials hello
"""


def add(areas: "Areas") -> None:
    added = command(
        areas,
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
    place = Place.of(options)
    grant = _cached(place, options.function, _term(options.duration or _HOUR))
    if grant is None:
        with place.broker() as broker:
            grant = _borrowed(broker, options.function, options.duration)
    say(json.dumps(grant.for_sdk()))
    return Exit.DONE


def _cached(place: Place, function: str, term: Term) -> "Grant | None":
    tokens = recall_tokens(place.shelf.slot(TOKENS))
    if tokens is None:
        return None
    slot = place.shelf.slot(grant_slot(function, term.seconds))
    grant = recall_grant(slot, tokens.login)
    if grant is None or term.judge(grant, time.time()) is Freshness.SPENT:
        return None
    return grant


def _borrowed(broker: "Broker", function: str, wanted: int | None) -> "Grant":
    try:
        return _lasting(broker, function, wanted or _HOUR)
    except BrokerError as error:
        if wanted or error.type != _OUT_OF_RANGE:
            raise
    [most] = [
        each.max_duration_seconds
        for each in broker.functions()
        if each.name == function
    ]
    return _lasting(broker, function, most)


def _lasting(broker: "Broker", function: str, seconds: int) -> "Grant":
    term = _term(seconds)
    return broker.grant(function, seconds=term.seconds, lasting=term.lasting)


def _term(seconds: int) -> Term:
    return Term(seconds=seconds, lasting=min(_REMAINING, seconds / 3))
