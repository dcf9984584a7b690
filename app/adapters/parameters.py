"""Entries: JSON parameters below a path of Parameter Store, one for each thing.

An entry is authority, so nothing in it is guessed: what does not hold is left out.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import boto3
from pydantic import BaseModel, ValidationError

from app import strict_json
from app.adapters import aws

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

Entry = TypeVar("Entry", bound=BaseModel)

FRESH: Final = timedelta(seconds=30)
USABLE: Final = timedelta(seconds=60)
"""One taken away is gone within a minute, come what may."""

_LONGEST_READING: Final = timedelta(seconds=10)
"""For all pages together: each may be slow, and a grant waits for the last."""


class EntryRefusedError(ValueError):
    """The message tells an operator what to mend."""


def connect(session: boto3.session.Session) -> "SSMClient":
    return session.client("ssm", config=aws.IMPATIENT)


def read_below(
    client: "SSMClient", path: str, clock: Callable[[], datetime]
) -> Iterator[tuple[str, str]]:
    """Read the names below ``path``, without it, and their values.

    Raises what botocore does, and ``TimeoutError`` where the pages come too slowly.
    """
    started = clock()
    pages = client.get_paginator("get_parameters_by_path").paginate(Path=path)
    for page in pages:
        if clock() - started > _LONGEST_READING:
            raise TimeoutError("the pages of parameters arrive too slowly")
        for parameter in page["Parameters"]:
            name = parameter["Name"].removeprefix(path).removeprefix("/")
            yield name, parameter["Value"]


def parse(model: type[Entry], text: str, *, version: int) -> Entry:
    """Read an entry, which says in ``Version`` of which one it is, or not at all.

    Raises ``EntryRefusedError``, also for a version above ``version``.
    """
    try:
        value: Any = strict_json.loads(text.encode())
        _require_known(value, version)
        return model.model_validate(value)
    except (strict_json.NotStrictJSONError, UnicodeError) as error:
        msg = f"it is not strict JSON: {error}"
        raise EntryRefusedError(msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        # A member's name may be anything; a line of the log is one line.
        steps = (str(step).encode("unicode_escape").decode() for step in first["loc"])
        where = ".".join(steps) or "the entry"
        msg = f"{where}: {first['msg']}"
        raise EntryRefusedError(msg) from error


def _require_known(value: object, known: int) -> None:
    """Look first: of a later version any other member may be unknown as well."""
    version = value.get("Version") if isinstance(value, dict) else None
    if isinstance(version, int) and version > known:
        msg = f"its Version is {version}, and this broker knows {known}: update it"
        raise EntryRefusedError(msg)
