"""The address of whoever sent a request: whatever needs it asks here."""

import ipaddress
import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

UNKNOWN: Final = "unknown"
"""Of a connection that has no address, as over a Unix socket."""

_HOP: Final = re.compile(
    r"(?P<v4>[0-9.]{7,15})(?::[0-9]{1,5})?"
    r"|\[(?P<bracketed>[0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?"
    r"|(?P<v6>[0-9A-Fa-f:.]{2,45})"
)
"""As proxies write one: some add the port, after brackets where it is IPv6."""


def caller_address(
    peer: str | None, forwarded: Sequence[str], trusted: Collection[Network]
) -> str:
    """Tell where a request comes from.

    ``peer`` is the other end of the connection, or what API Gateway says it was;
    ``forwarded`` the values of X-Forwarded-For in the order in which they came. A hop
    is believed only where a trusted proxy wrote it, so they are read from the right,
    and no further than to the first that is not trusted: anybody can invent the rest.
    What a proxy wrote and is no address leaves the request at that proxy.
    """
    address = _parse(peer or "")
    if address is None:
        return peer or UNKNOWN
    for hop in _from_the_right(forwarded):
        if not any(address in network for network in trusted):
            break
        before = _parse_hop(hop)
        if before is None:
            break
        address = before
    return str(address)


def _from_the_right(forwarded: Sequence[str]) -> Iterator[str]:
    for value in reversed(forwarded):
        yield from reversed(value.split(","))


def _parse_hop(text: str) -> Address | None:
    hop = _HOP.fullmatch(text.strip(" \t"))
    return None if hop is None else _parse(hop["v4"] or hop["bracketed"] or hop["v6"])


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A socket of both kinds gives ::ffff:203.0.113.7 for an IPv4 peer.
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
