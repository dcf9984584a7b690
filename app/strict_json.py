"""JSON as RFC 8259 wants it sent, not as a lenient reader takes it.

``json.loads`` accepts duplicate members, NaN, lone surrogates and nesting deep
enough to end in ``RecursionError``. Tokens and request bodies get none of these.
"""

import json
import math
import re
from typing import Any, Final, NoReturn

DEEPEST: Final = 16
"""Levels of nesting; nothing we read has more than four."""

LONGEST_NUMBER: Final = 20
"""Characters: enough for any 64-bit integer, too few to cost time."""

_STRING_OR_BRACKET: Final = re.compile(
    # Possessive, and a string may end with the text: no start of one is tried twice,
    # so the time to find them all grows with the text and not with its square.
    r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]',
    re.DOTALL,
)


class NotStrictJSONError(ValueError):
    """The message says what is wrong without repeating what was read."""


def loads(data: bytes) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Read one JSON text. Raises ``NotStrictJSONError`` and nothing else."""
    try:
        text = data.decode("utf-8")
        _bound_depth(text)
        value = _DECODER.decode(text)
        # UTF-8 has none: only an escape makes half a pair.
        if r"\u" in text:
            _refuse_surrogates(value)
    except UnicodeError as error:
        msg = "it is not UTF-8 throughout"
        raise NotStrictJSONError(msg) from error
    except json.JSONDecodeError as error:
        msg = f"it is not JSON ({error.msg.lower()} at character {error.pos})"
        raise NotStrictJSONError(msg) from error
    return value


def _bound_depth(text: str) -> None:
    # No text is nested deeper than it has brackets that open.
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        if found.group() in {"[", "{"}:
            depth += 1
        elif found.group() in {"]", "}"}:
            depth -= 1
        if depth > DEEPEST:
            msg = f"it is nested deeper than {DEEPEST} levels"
            raise NotStrictJSONError(msg)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = "an object has the same member twice"
        raise NotStrictJSONError(msg)
    return members


def _no_constant(_: str) -> NoReturn:
    msg = "NaN and Infinity are not JSON"
    raise NotStrictJSONError(msg)


def _integer(digits: str) -> int:
    _bound_number(digits)
    return int(digits)


def _number(digits: str) -> float:
    _bound_number(digits)
    number = float(digits)
    if not math.isfinite(number):
        msg = "a number is out of range"
        raise NotStrictJSONError(msg)
    return number


def _bound_number(digits: str) -> None:
    if len(digits) > LONGEST_NUMBER:
        msg = f"a number has more than {LONGEST_NUMBER} characters"
        raise NotStrictJSONError(msg)


def _refuse_surrogates(value: object) -> None:
    json.dumps(value, ensure_ascii=False).encode("utf-8")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_constant=_no_constant,
    parse_int=_integer,
    parse_float=_number,
)
"""``json.loads`` would make one for each text."""
