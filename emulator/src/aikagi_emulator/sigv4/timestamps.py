"""The two ways of writing a time in a signed request."""

import re
from datetime import UTC, datetime
from typing import Final

_BASIC: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z"
)
_HTTP: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4})"
    r" ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:GMT|[+-]0000)"
)
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"


def basic_format(moment: datetime) -> str:
    """``20150830T123600Z``, as it stands in the string to sign."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def parse_basic(text: str) -> datetime | None:
    """Read ISO 8601's basic format; None for anything else, 31 June included."""
    found = _BASIC.fullmatch(text)
    return _moment(*map(int, found.groups())) if found else None


def parse_http(text: str) -> datetime | None:
    """Read RFC 9110's IMF-fixdate, or the same in the offset that botocore writes."""
    found = _HTTP.fullmatch(text)
    if not found or found[2] not in _MONTHS:
        return None
    month = _MONTHS.index(found[2]) // 3 + 1
    return _moment(int(found[3]), month, int(found[1]), *map(int, found.groups()[3:]))


def _moment(*fields: int) -> datetime | None:
    year, month, day, hour, minute, second = fields
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
