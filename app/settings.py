"""What a deployment tells the broker, by environment variables.

Read by the entry points, and handed to ``bootstrap``; nothing below knows it.
Secrets are not here: only where to find them.
"""

import ipaddress
import re
import sys
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_LARGEST_PORT: Final = 65535

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _none_for_empty(value: object) -> object:
    return None if value == "" else value


_LABEL: Final = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_ORIGIN: Final = re.compile(
    rf"(https?)://(?:{_LABEL}(?:\.{_LABEL})*|(\[[0-9a-f:.]+\]))(?::([1-9][0-9]{{0,4}}))?"
)
"""As browsers write one: in lower case, international names in Punycode (RFC 6454)."""

_USUAL_PORTS: Final = {"http": "80", "https": "443"}


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _is_origin(value):
            # It may hold a password, where somebody took a URL for an origin.
            quoted = repr(value) if "@" not in value else "what holds an @"
            msg = (
                f"{quoted} is not an origin such as https://app.example.com: a scheme, "
                "a host in lower case and a port that is not the usual one, no more"
            )
            raise ValueError(msg)
    return values


def _is_origin(value: str) -> bool:
    parts = _ORIGIN.fullmatch(value)
    if not parts:
        return False
    scheme, literal, port = parts.groups()
    if port is not None and (int(port) > _LARGEST_PORT or port == _USUAL_PORTS[scheme]):
        return False
    return literal is None or _is_ipv6(literal.strip("[]"))


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.IPv6Address(text).compressed == text
    except ValueError:
        return False


def _networks(values: object) -> object:
    if not isinstance(values, tuple):
        return values
    return tuple(_network(value) for value in values)


def _network(value: object) -> Network:
    try:
        network = ipaddress.ip_network(str(value))
    except ValueError:
        msg = f"{value!r} is neither an address nor a network such as 192.0.2.0/24"
        raise ValueError(msg) from None
    if network.prefixlen == 0:
        msg = f"{value!r} is everybody: then anybody could invent their address"
        raise ValueError(msg)
    return network


def _own_namespace(value: str) -> str:
    if value.startswith("AWS/"):
        msg = (
            "namespaces that begin with AWS/ are AWS's own: CloudWatch takes no metrics"
        )
        raise ValueError(msg)
    return value


def _loopback(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if urlsplit(value).hostname != "127.0.0.1":
            msg = "local function URLs are on 127.0.0.1 only"
            raise ValueError(msg)
    return values


Origins = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_origins)
]
Networks = Annotated[
    tuple[Network, ...],
    NoDecode,
    BeforeValidator(_networks),
    BeforeValidator(_split),  # the last one is the first to run
]
Namespace = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9._/#:-]{1,255}$"), AfterValidator(_own_namespace)
]
"""Amazon CloudWatch User Guide, "Metrics concepts"."""

RoleArn = Annotated[
    str, Field(pattern=r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[!-~]{1,576}$")
]
RolePath = Annotated[str, Field(pattern=r"^/([!-.0-~]+/)+$", max_length=512)]
"""IAM API Reference, CreateRole, Path."""


class Settings(BaseSettings):
    """Each field but the Region is read from ``AIKAGI_`` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="AIKAGI_", frozen=True)

    region: Annotated[
        str,
        Field(validation_alias="AWS_REGION", pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$"),
    ]
    """Where the broker runs and its functions are; Lambda sets it."""

    users_table: Annotated[str, Field(min_length=1)]
    """Name of the DynamoDB table of principals."""

    signing_secret_arn: Annotated[str, Field(min_length=1)]
    """The Secrets Manager secret that signs access tokens."""

    catalogue_path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9_./-]+[A-Za-z0-9_.-]$")]
    """SSM path under which each function has its entry."""

    issuers_path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9_./-]+[A-Za-z0-9_.-]$")]
    """SSM path under which each issuer besides the broker itself has its entry."""

    invoke_role_arn: RoleArn
    """The role sessions are made with where an entry names no other."""

    invoke_role_path: RolePath | None = None
    """IAM path of the roles that an entry may name instead: those of other stacks."""

    token_issuer: Annotated[str, Field(min_length=1, max_length=200)] = "aikagi"  # noqa: S105 - a name
    """``iss`` of the broker's tokens: the stack's name."""

    token_lifetime_seconds: Annotated[int, Field(ge=60, le=3600)] = 900

    login_lifetime_seconds: Annotated[int, Field(ge=900, le=90 * 86400)] = 7 * 86400
    """After which a login ends, however often it was renewed."""

    login_idle_seconds: Annotated[int, Field(ge=900, le=90 * 86400)] = 12 * 3600
    """After which a login ends that was not renewed; not before its lifetime does."""

    grant_seconds_after_login: Annotated[
        Annotated[int, Field(ge=0, le=3600)] | None, BeforeValidator(_none_for_empty)
    ] = None
    """For how long a grant may last after the end of its login; empty: no limit."""

    allowed_origins: Origins = ()
    """Pages on other origins that may call the broker, separated by commas."""

    local_function_urls: Annotated[Origins, AfterValidator(_loopback)] = ()
    """Origins of function URLs on a laptop. Never set on AWS."""

    local_issuers: bool = False
    """Whether an issuer may be on this machine, over http. Never set on AWS."""

    trusted_proxies: Networks = ()
    """Addresses and networks, separated by commas, of proxies before the broker.

    What they say in X-Forwarded-For of whom they speak for is believed.
    """

    docs: bool = True
    """Whether ``/docs`` and ``/openapi.json`` are served."""

    metrics_namespace: Annotated[Namespace | None, BeforeValidator(_none_for_empty)] = (
        None
    )
    """CloudWatch's namespace of the metrics, lines on standard output; empty: none."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


def settings_from_environment() -> Settings:
    """Read them all, or end the program with a line for each that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [
            f"  {_variable(fault['loc'])}: {fault['msg']}" for fault in error.errors()
        ]
        advice = "On a laptop, `make run` writes them to .local/env (--env-file)."
        sys.exit("\n".join(["The environment lacks settings:", *wrong, advice]))


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0])
    return name if name.startswith("AWS_") else f"AIKAGI_{name.upper()}"
