"""The condition operators, each as one comparison of two texts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import binascii
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any, Final, TypeAlias, final

from aikagi_emulator.iam.variables import Runs, arn_fields, matches, text_of

Comparison: TypeAlias = Callable[[Runs, str], bool | None]
"""Policy's value, request's value; None where one of them is malformed."""

_NUMBER: Final = re.compile("[+-]?[0-9]+([.][0-9]+)?")
_EPOCH: Final = re.compile("-?[0-9]{1,12}")
# The profile of ISO 8601 in https://www.w3.org/TR/NOTE-datetime
_ISO: Final = re.compile(
    "([0-9]{4})-([0-9]{2})(?:-([0-9]{2})"
    "(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]+))?)?"
    "(?:Z|([+-])([0-9]{2}):?([0-9]{2})))?)?"
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    compare: Comparison
    negated: bool = False
    takes_variables: bool = False
    compares_arns: bool = False


def _equals(expected: Runs, actual: str) -> bool:
    return text_of(expected) == actual


def _equals_ignoring_case(expected: Runs, actual: str) -> bool:
    return text_of(expected).lower() == actual.lower()


def _arn_like(expected: Runs, actual: str) -> bool | None:
    wanted, given = arn_fields(expected), arn_fields(((actual, True),))
    if wanted is None or given is None:
        return None
    pairs = zip(wanted, given, strict=True)
    return all(matches(pattern, text_of(field)) for pattern, field in pairs)


def arn_is_like(pattern: str, arn: str) -> bool:
    """Whether an ARN is like a pattern with ``*`` and ``?``, part for part."""
    return _arn_like(((pattern, False),), arn) is True


def _boolean(expected: Runs, actual: str) -> bool | None:
    wanted, given = text_of(expected).lower(), actual.lower()
    known = {"true", "false"}
    return wanted == given if {wanted, given} <= known else None


def _binary(expected: Runs, actual: str) -> bool | None:
    try:
        wanted = base64.b64decode(text_of(expected), validate=True)
        return wanted == base64.b64decode(actual, validate=True)
    except (binascii.Error, ValueError):
        return None


def _in_network(expected: Runs, actual: str) -> bool | None:
    try:
        return ip_address(actual) in ip_network(text_of(expected), strict=False)
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str) -> datetime | None:
    """Read ISO 8601 or seconds since 1970."""
    try:
        if _EPOCH.fullmatch(text):
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text))
        found = _ISO.fullmatch(text)
        return _iso_moment(found) if found else None
    except (ValueError, OverflowError):
        return None


def _iso_moment(found: re.Match[str]) -> datetime:
    year, month, day = int(found[1]), int(found[2]), int(found[3] or 1)
    hour, minute, second = (int(found[index] or 0) for index in (4, 5, 6))
    microsecond = int((found[7] or "")[:6].ljust(6, "0"))
    moment = datetime(year, month, day, hour, minute, second, microsecond, UTC)
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    return moment + offset if found[8] == "-" else moment - offset


def _ordered(
    read: Callable[[str], Any], relation: Callable[[Any, Any], bool]
) -> Comparison:
    def compare(expected: Runs, actual: str) -> bool | None:
        wanted, given = read(text_of(expected)), read(actual)
        if wanted is None or given is None:
            return None
        return relation(given, wanted)

    return compare


def _ordering(prefix: str, read: Callable[[str], Any]) -> dict[str, Operator]:
    equals = _ordered(read, operator.eq)
    return {
        f"{prefix}equals": Operator(compare=equals),
        f"{prefix}notequals": Operator(compare=equals, negated=True),
        f"{prefix}lessthan": Operator(compare=_ordered(read, operator.lt)),
        f"{prefix}lessthanequals": Operator(compare=_ordered(read, operator.le)),
        f"{prefix}greaterthan": Operator(compare=_ordered(read, operator.gt)),
        f"{prefix}greaterthanequals": Operator(compare=_ordered(read, operator.ge)),
    }


def _both(name: str, negation: str, compare: Comparison) -> dict[str, Operator]:
    arns = name.startswith("arn")
    return {
        name: Operator(compare=compare, takes_variables=True, compares_arns=arns),
        negation: Operator(
            compare=compare, negated=True, takes_variables=True, compares_arns=arns
        ),
    }


OPERATORS: Final[Mapping[str, Operator]] = {
    **_both("stringequals", "stringnotequals", _equals),
    **_both(
        "stringequalsignorecase", "stringnotequalsignorecase", _equals_ignoring_case
    ),
    **_both("stringlike", "stringnotlike", matches),
    **_both("arnequals", "arnnotequals", _arn_like),
    **_both("arnlike", "arnnotlike", _arn_like),
    **_ordering("numeric", _number),
    **_ordering("date", _moment),
    "bool": Operator(compare=_boolean),
    "binaryequals": Operator(compare=_binary),
    "ipaddress": Operator(compare=_in_network),
    "notipaddress": Operator(compare=_in_network, negated=True),
}
"""By lower-case name. ``Null`` is not among them: it compares nothing."""
