"""Read one catalogue entry. An entry is authority, so nothing in it is guessed."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from app.adapters import parameters
from app.adapters.parameters import EntryRefusedError
from app.domain.catalogue import BodyType, Function, InvokeMode

VERSION: Final = 1
"""Of the shape of an entry, which says so in ``Version`` or not at all."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_FUNCTION_ARN: Final = re.compile(
    r"arn:(aws(?:-[a-z]+)*):lambda:([a-z0-9-]+):([0-9]{12}):function:"
    r"([A-Za-z0-9_-]{1,64})(?::([A-Za-z0-9_$-]{1,128}))?"
)
_ROLE_ARN: Final = re.compile(
    r"(arn:aws(?:-[a-z]+)*:iam::[0-9]{12}:role)(/(?:[!-.0-~]+/)*)[A-Za-z0-9+=,.@_-]{1,64}"
)
"""The account's part, and the path."""


_BodyType = Annotated[BodyType, Field(strict=False)]
# Named apart: inside the model its field has that name, and a value.


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """What an entry may say.

    ``role`` is the ARN of the role that sessions are made with where an entry names no
    other, and ``role_path`` the IAM path of those that it may name: other stacks' of
    the same account. ``local_origins`` are the loopback addresses of a stack on a
    laptop, none on AWS.
    """

    role: str
    role_path: str | None = None
    local_origins: Collection[str] = ()


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    Version: Annotated[int, Field(ge=1)] = VERSION
    Title: Annotated[str, Field(min_length=1, max_length=200)]
    Description: Annotated[str, Field(max_length=2000)] = ""
    Arn: str
    FuncUrl: str
    InvokeMode: Annotated[InvokeMode, Field(strict=False)]
    Groups: list[Annotated[str, Field(min_length=1, max_length=128)]]
    MaxDurationSeconds: Annotated[int, Field(ge=900, le=3600)] = 3600
    RoleArn: str | None = None
    Example: Annotated[str, Field(max_length=1000)] | None = None
    BodyType: _BodyType | None = None


def read_entry(name: str, text: str, rules: EntryRules) -> Function:
    """Make a function of the entry ``name``. Raises ``EntryRefusedError``."""
    if not _NAME.fullmatch(name):
        msg = "its name is not 1 to 63 of a-z, 0-9 and -, a letter first"
        raise EntryRefusedError(msg)
    entry = parameters.parse(_Entry, text, version=VERSION)
    arn = _FUNCTION_ARN.fullmatch(entry.Arn)
    if not arn:
        msg = "its Arn is not a Lambda function's"
        raise EntryRefusedError(msg)
    partition, region, account = arn.group(1, 2, 3)
    _check_url(entry.FuncUrl, region, rules)
    return Function(
        name=name,
        title=entry.Title,
        description=entry.Description,
        arn=entry.Arn,
        url=entry.FuncUrl,
        region=region,
        invoke_mode=entry.InvokeMode,
        groups=frozenset(entry.Groups),
        max_duration_seconds=entry.MaxDurationSeconds,
        role_arn=_role(entry, partition, account, rules),
        example=entry.Example,
        body_type=entry.BodyType,
    )


def _check_url(url: str, region: str, rules: EntryRules) -> None:
    """Let credentials be sent to no host but a function URL of the ARN's Region."""
    if url.endswith("/") and url[:-1] in rules.local_origins:
        return
    host = re.compile(rf"https://[a-z0-9]{{1,64}}\.lambda-url\.{region}\.on\.aws/")
    if not host.fullmatch(url):
        msg = f"its FuncUrl is not a function URL of {region} ending in a slash"
        raise EntryRefusedError(msg)


def _role(entry: _Entry, partition: str, account: str, rules: EntryRules) -> str:
    role = rules.role if entry.RoleArn is None else entry.RoleArn
    if role != rules.role and not _is_of_another_stack(role, rules):
        msg = "its RoleArn is no role of the path that the broker may use"
        raise EntryRefusedError(msg)
    if not role.startswith(f"arn:{partition}:iam::{account}:"):
        msg = "its role and its Arn are not of one account"
        raise EntryRefusedError(msg)
    return role


def _is_of_another_stack(role: str, rules: EntryRules) -> bool:
    own, named = _ROLE_ARN.fullmatch(rules.role), _ROLE_ARN.fullmatch(role)
    return (
        own is not None
        and named is not None
        and named.groups() == (own[1], rules.role_path)
    )
