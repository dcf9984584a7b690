"""How the broker talks to AWS: impatiently."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name for it
    HTTPClientError,
)
from botocore.loaders import Loader, create_loader

CONNECTIONS: Final = 24
"""To each service: as many as there are threads that may want one.

More would wait for the interpreter, and keep the event loop waiting with them.
"""

IMPATIENT: Final = Config(
    connect_timeout=2,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=CONNECTIONS,
    # What follows is work that botocore would do for every call: describing itself in
    # thirty parts, and checking what is written here against the service's model.
    user_agent=f"aikagi boto3/{boto3.__version__}",
    parameter_validation=False,
)
"""API Gateway gives up after half a minute; fail well before it does.

botocore waits a minute, five times, and pools ten connections.
"""

SOON: Final = 2
"""Seconds after which a fault that passes may have passed."""

_THROTTLED: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "LimitExceededException",
    }
)


def new_session() -> boto3.session.Session:
    """Open a session for all clients: it finds credentials once.

    The models that it makes clients from are those of any other session here: to read
    them takes longer than the calls of an operator's command.
    """
    session = botocore.session.Session()
    opened = boto3.session.Session(botocore_session=session)
    session.register_component("data_loader", _models())
    parsers = session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=read_timestamp)
    session.register("before-call.sts", _encode_form)
    return opened


def read_timestamp(value: float | str) -> datetime:
    """Read seconds since 1970, or ISO 8601, as AWS's services that are used here send.

    botocore would try every way in which a date can be written. Raises ``ValueError``.
    """
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, TypeError) as error:
        raise ValueError(value) from error


def _encode_form(**event: Any) -> None:  # noqa: ANN401 - as botocore's hooks are called
    """Encode a form once. botocore would to sign it, and again to send it."""
    params = event["params"]
    params["body"] = urlencode(params["body"]).encode()


@cache
def _models() -> Loader:
    return create_loader(os.environ.get("AWS_DATA_PATH"))


def is_throttled(answer: Mapping[str, Any]) -> bool:
    """Tell whether a service has refused a call because there are too many."""
    return answer.get("Error", {}).get("Code") in _THROTTLED


def retry_after(error: Exception) -> int | None:
    """Tell after how many seconds the same call may succeed, if it may at all.

    Throttling, a server's fault and a broken connection pass; a refusal does not.
    """
    if isinstance(error, ClientError):
        answer: dict[str, Any] = dict(error.response)
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        passes = is_throttled(answer) or status >= 500  # noqa: PLR2004 - HTTP's
        return SOON if passes else None
    return SOON if isinstance(error, ConnectionError | HTTPClientError) else None
