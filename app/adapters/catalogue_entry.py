"""Read one catalogue entry. An entry is authority, so nothing in it is guessed."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from app.adapters import parameters
from app.adapters.parameters import EntryRefusedError
from app.domain.catalogue import BodyType, Function, InvokeMode
from app.domain.identity import is_attribute

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

MOST_SOURCE_NETWORKS: Final = 10
"""With the longest of everything else a session policy stays under 2,048 characters.

STS API Reference, AssumeRole, Policy.
"""

_IPV4_IN_IPV6: Final = IPv6Network("::ffff:0:0/96")

_Network: TypeAlias = IPv4Network | IPv6Network

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
    """Who may call one function behind a function URL, and how."""

    model_config = ConfigDict(
        title="Catalogue entry", extra="forbid", strict=True, frozen=True
    )

    Version: Annotated[
        int, Field(ge=1, description="Of the shape of this entry; 1 where it is absent")
    ] = VERSION
    Title: Annotated[
        str, Field(min_length=1, max_length=200, description="On the function's card")
    ]
    Description: Annotated[
        str, Field(max_length=2000, description="What it does, on its card")
    ] = ""
    Arn: Annotated[
        str, Field(description="Of the function, or of a version or an alias of it")
    ]
    FuncUrl: Annotated[
        str, Field(description="Its function URL, with the slash at its end")
    ]
    InvokeMode: Annotated[
        InvokeMode, Field(strict=False, description="Of the function URL")
    ]
    Groups: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=128)]],
        Field(description="People of any of them may call it"),
    ]
    MaxDurationSeconds: Annotated[
        int,
        Field(ge=15, le=3600, description="The longest life of credentials for it"),
    ] = 3600
    RequiredClaims: Annotated[
        dict[str, Annotated[list[str], Field(min_length=1, max_length=100)]],
        Field(
            min_length=1,
            max_length=10,
            description="Attributes that its callers have, and the values allowed",
            examples=[{"department": ["research", "legal"]}],
        ),
    ] = {}
    SourceNetworks: Annotated[
        list[str],
        Field(
            min_length=1,
            max_length=MOST_SOURCE_NETWORKS,
            description="Networks from which it can be called, of IPv4 and of IPv6; "
            "a caller with both may come by either",
            examples=[["192.0.2.0/24", "2001:db8:1::/48"]],
        ),
    ] = []
    RoleArn: Annotated[
        str | None,
        Field(description="Another stack's invoke role; the broker's own if absent"),
    ] = None
    Example: Annotated[
        str | None, Field(max_length=1000, description="A body that it takes")
    ] = None
    BodyType: Annotated[
        _BodyType | None, Field(description="What kind of body it takes")
    ] = None


def entry_schema() -> dict[str, Any]:
    """Give the JSON Schema of an entry, for editors.

    It says less than ``read_entry``, which compares members with each other.
    """
    dialect = "https://json-schema.org/draft/2020-12/schema"
    schema = _Entry.model_json_schema()
    for member in schema["properties"].values():
        # The model's own: names in another case, and what stands for "absent".
        member.pop("title", None)
        if not member.get("default"):
            member.pop("default", None)
    return {"$schema": dialect, **schema}


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
        required_claims=_required_claims(entry),
        source_networks=_source_networks(entry),
    )


def _check_url(url: str, region: str, rules: EntryRules) -> None:
    """Let credentials be sent to no host but a function URL of the ARN's Region."""
    if url.endswith("/") and url[:-1] in rules.local_origins:
        return
    host = re.compile(rf"https://[a-z0-9]{{1,64}}\.lambda-url\.{region}\.on\.aws/")
    if not host.fullmatch(url):
        msg = f"its FuncUrl is not a function URL of {region} ending in a slash"
        raise EntryRefusedError(msg)


def _required_claims(entry: _Entry) -> Mapping[str, frozenset[str]]:
    for name, values in entry.RequiredClaims.items():
        if not all(value and is_attribute(name, value) for value in values):
            msg = "its RequiredClaims have a name or a value that no attribute can have"
            raise EntryRefusedError(msg)
    return {name: frozenset(values) for name, values in entry.RequiredClaims.items()}


def _source_networks(entry: _Entry) -> tuple[_Network, ...]:
    networks = tuple(_network(text) for text in entry.SourceNetworks)
    if len(set(networks)) < len(networks):
        msg = "its SourceNetworks have a network twice"
        raise EntryRefusedError(msg)
    return networks


def _network(text: str) -> _Network:
    """Read a network as IAM compares it, and as nobody can misread it."""
    try:
        network = ip_network(text)
    except ValueError:
        network = None
    # Python takes an IPv6 address with a zone (RFC 4007), which IAM does not know.
    if network is None or str(network) != text or "%" in text:
        msg = (
            "its SourceNetworks have what is no network such as 192.0.2.0/24 or "
            "2001:db8:1::/48, in its shortest form, without bits behind its prefix"
        )
        raise EntryRefusedError(msg)
    if network.prefixlen == 0:
        msg = "its SourceNetworks have everybody: leave them out"
        raise EntryRefusedError(msg)
    if isinstance(network, IPv6Network) and network.subnet_of(_IPV4_IN_IPV6):
        msg = "its SourceNetworks have IPv4 within IPv6: write it as IPv4"
        raise EntryRefusedError(msg)
    return network


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
