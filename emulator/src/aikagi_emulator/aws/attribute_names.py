"""``dynamodb:Attributes``: the attributes that a request names.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from aikagi_emulator.iam import Context

KEY: Final = "dynamodb:Attributes"

_EXPRESSIONS: Final = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_MAPS: Final = (
    "AttributeUpdates",
    "Expected",
    "Item",
    "Key",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
)
_WORD: Final = re.compile(r"([.:#]?)([A-Za-z0-9_-]++)(\s*+\()?")
_KEYWORDS: Final = frozenset(
    {"add", "and", "between", "delete", "in", "not", "or", "remove", "set"}
)


def context_of(parts: Iterable[Mapping[str, Any]]) -> Context:
    """Give the condition key for the requests of one operation on one table.

    Every attribute that an expression mentions counts, one that it only compares too.
    What asks for whole items names none.
    """
    found = {name for part in parts for name in _named(part)}
    return {KEY: tuple(sorted(found))} if found else {}


def _named(part: Mapping[str, Any]) -> Iterator[str]:
    for member in _MAPS:
        if isinstance(names := part.get(member), dict):
            yield from names
    if isinstance(names := part.get("AttributesToGet"), list):
        yield from (name for name in names if isinstance(name, str))
    written = part.get("ExpressionAttributeNames")
    placeholders = written if isinstance(written, dict) else {}
    for member in _EXPRESSIONS:
        if isinstance(expression := part.get(member), str):
            yield from _in_expression(expression, placeholders)


def _in_expression(expression: str, placeholders: Mapping[str, Any]) -> Iterator[str]:
    for mark, word, opened in _WORD.findall(expression):
        if mark == "#":
            yield str(placeholders.get(f"#{word}", f"#{word}"))
        elif not mark and not opened and not _is_syntax(word):
            yield word


def _is_syntax(word: str) -> bool:
    """Tell a keyword or an index: no attribute is written so, but as a placeholder."""
    return word.isdecimal() or word.lower() in _KEYWORDS
