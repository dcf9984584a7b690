"""The JSON Schema of audit lines, made of the records themselves."""

import types
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from app.adapters.audit import member_name
from app.domain.audit import RECORDS, VERSION, AuditRecord
from app.domain.credentials import Source
from app.domain.identity import Identity

_TEXT: Final = {"type": "string"}
_JSON_TYPES: Final[Mapping[Any, Mapping[str, Any]]] = {
    str: _TEXT,
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    tuple[str, ...]: {"type": "array", "items": _TEXT},
}
_COMPOUND: Final[Mapping[Any, tuple[str, ...]]] = {
    Source: ("RequestId", "SourceIp"),
    Identity: ("Issuer", "Subject"),
}
"""What has a member for each of its parts, all of them texts."""


def schema() -> dict[str, Any]:
    """Give the schema (draft 2020-12) that every audit line satisfies."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of the broker's audit",
        "oneOf": [_schema_of(record) for record in RECORDS],
    }


def members_of(record: type[AuditRecord]) -> dict[str, tuple[Mapping[str, Any], bool]]:
    """Give the members of a line in their order: a schema, and whether all have it."""
    members: dict[str, tuple[Mapping[str, Any], bool]] = {
        "Version": ({"const": VERSION}, True),
        "Event": ({"const": record.event}, True),
    }
    hints = get_type_hints(record)
    for field in fields(record):
        type_, is_required = _without_none(hints[field.name])
        if type_ in _COMPOUND:
            members |= dict.fromkeys(_COMPOUND[type_], (_TEXT, is_required))
        else:
            members[member_name(field.name)] = (_JSON_TYPES[type_], is_required)
    return members


def _schema_of(record: type[AuditRecord]) -> dict[str, Any]:
    members = members_of(record)
    return {
        "title": record.event,
        "type": "object",
        "properties": {name: type_ for name, (type_, _) in members.items()},
        "required": [name for name, (_, is_required) in members.items() if is_required],
    }


def _without_none(type_: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any annotation
    if get_origin(type_) in {types.UnionType, Union}:
        [only] = [part for part in get_args(type_) if part is not types.NoneType]
        return only, False
    return type_, True
