"""How often a password may be tried, of whom and from where.

Pure: what was counted before and the time decide.
"""

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

HOUR: Final = timedelta(hours=1)
"""How long failures count: from the first of them on, all together."""

KNOWN_FOR: Final = timedelta(days=30)
"""How long a source is a person's own after they logged in from it."""

SEEN_AGAIN_AFTER: Final = timedelta(days=1)
"""A login from a known source is noted no more often."""

REMEMBERED_FOR: Final = KNOWN_FOR + SEEN_AGAIN_AFTER
"""So that no login within ``KNOWN_FOR`` is missed for not having been noted."""

_NETWORK: Final = 64
"""Bits of an IPv6 address that whoever has it did not choose (RFC 6177, section 2)."""


class Limit(Enum):
    """What failures are counted by: how many are free, and the longest pause then.

    After the free ones the first pause is a second, and each failure doubles it.
    Without a longest pause, nothing more is tried until the hour is over.
    """

    PAIR = ("pair", 10, timedelta(seconds=30))
    """A person from one source."""

    SOURCE = ("source", 100, None)
    PERSON = ("person", 100, None)

    def __init__(self, label: str, free: int, longest_pause: timedelta | None) -> None:
        self.label = label
        self.free = free
        self.longest_pause = longest_pause

    def pause_after(self, failures: int) -> timedelta | None:
        """Say how long a pause is when none is free; None for the rest of the hour."""
        if self.longest_pause is None:
            return None
        # Of a large number the shift would be as large a number.
        doubled = timedelta(seconds=1 << min(failures - self.free, 16))
        return min(doubled, self.longest_pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Failures that were counted in an hour."""

    failures: int
    began_at: datetime
    failed_at: datetime

    def is_over(self, now: datetime) -> bool:
        return now >= self.began_at + HOUR


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the failures of one pair, source or person."""

    limit: Limit
    of: str

    def wait(self, tally: Tally | None, now: datetime) -> timedelta:
        """Say how long it is until another try; nothing where it may be now."""
        nothing = timedelta(0)
        if tally is None or tally.failures < self.limit.free:
            return nothing
        pause = self.limit.pause_after(tally.failures)
        ends = tally.began_at + HOUR
        if pause is not None:
            ends = min(ends, tally.failed_at + pause)
        return max(nothing, ends - now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A password that somebody sends for a username from an address.

    ``person`` is a digest: whoever is in a hurry types a password where the username
    goes, and what is counted is stored.
    """

    person: str
    source: str

    @classmethod
    def of(cls, issuer: str, username: str, address: str) -> "Attempt":
        """``username`` is canonical, or as typed where it cannot be anybody's."""
        named = f"{issuer}\0{username}".encode(errors="surrogatepass")
        return cls(person=hashlib.sha256(named).hexdigest(), source=source_of(address))

    @property
    def pair(self) -> Counter:
        return Counter(Limit.PAIR, f"{self.source}#{self.person}")

    @property
    def counters(self) -> tuple[Counter, ...]:
        """Of the most particular first: what one refuses, the next does not count."""
        return (
            self.pair,
            Counter(Limit.SOURCE, self.source),
            Counter(Limit.PERSON, self.person),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known before an attempt. ``seen_at`` is of a login that succeeded."""

    seen_at: datetime | None = None
    tallies: Mapping[Counter, Tally] = field(default_factory=dict)

    def is_known(self, now: datetime) -> bool:
        """Tell whether the person logged in from this source not long ago."""
        return self.seen_at is not None and now - self.seen_at < REMEMBERED_FOR

    def wants_noting(self, now: datetime) -> bool:
        """Tell whether a login now has to be noted for the source to stay known."""
        return self.seen_at is None or now - self.seen_at >= SEEN_AGAIN_AFTER

    def has_failures(self, counter: Counter) -> bool:
        tally = self.tallies.get(counter)
        return tally is not None and tally.failures > 0

    def wait(self, attempt: Attempt, now: datetime) -> timedelta:
        """Say how long it is until this attempt may be made.

        From a known source nothing counts but what came from it for this very person:
        otherwise strangers could keep people out of their usual place.
        """
        counters = (attempt.pair,) if self.is_known(now) else attempt.counters
        return max(counter.wait(self.tallies.get(counter), now) for counter in counters)


def source_of(address: str) -> str:
    """Name who is behind an address: an IPv4 address, or a /64 of IPv6.

    What is no address is a source of its own.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), _NETWORK), strict=False))
