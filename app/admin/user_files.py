"""The files that people are imported from and exported to: CSV and JSON lines.

Both have the members ``Username``, ``Groups``, ``Enabled``, ``Attributes``,
``PasswordHash`` and ``PasswordChangeRequired``. In a cell of CSV, groups stand between
semicolons, and attributes as ``name=value``.
"""

import codecs
import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Literal, TypeAlias

from app import strict_json
from app.adapters.passwords import UnusableHashError, require_importable
from app.admin.errors import NotDoneError
from app.admin.users import ListedUser
from app.domain.identity import canonical_username, is_attribute

Format: TypeAlias = Literal["csv", "jsonl"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "jsonl")

COLUMNS: Final = (
    "Username",
    "Groups",
    "Enabled",
    "Attributes",
    "PasswordHash",
    "PasswordChangeRequired",
)
_WITHOUT_HASHES: Final = COLUMNS[:4]
_LONGEST_LINE: Final = 64 * 1024
"""Bytes. A user of a hundred long groups has a quarter of it."""

_LONGEST_GROUP: Final = 128
"""Characters, as in a catalogue entry."""

_SEPARATOR: Final = ";"
_FORMULA: Final = re.compile(r"[=+\-@\t\r\n]")
"""What begins a cell that a spreadsheet computes, as OWASP's "CSV Injection" has it."""

_BOOLEANS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """A user whom a line of a file asks for."""

    number: int
    username: str
    groups: frozenset[str]
    disabled: bool
    attributes: Mapping[str, str]
    password_hash: str | None = field(repr=False)
    is_one_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that asks for nobody who could be added. ``username`` is as it stands."""

    number: int
    username: str
    reason: str


class _LineError(ValueError):
    """What is wrong with a line: a clause, without what stands there."""


def read_users(file: BinaryIO, format_: Format) -> Iterator[UserLine | RefusedLine]:
    """Read each line of a file, by its number from 1.

    Raises ``NotDoneError`` where it is not such a file at all.
    """
    records = _csv_records(file) if format_ == "csv" else _json_records(file)
    seen: dict[str, int] = {}
    for number, members in records:
        if isinstance(members, str):
            yield RefusedLine(number=number, username="", reason=members)
            continue
        username = members.get("Username")
        try:
            user = _user(number, members, seen)
        except (_LineError, UnusableHashError) as error:
            shown = username if isinstance(username, str) else ""
            yield RefusedLine(number=number, username=shown, reason=str(error))
            continue
        seen[user.username] = number
        yield user


def _user(number: int, members: Mapping[str, Any], seen: Mapping[str, int]) -> UserLine:
    typed = members.get("Username")
    if not isinstance(typed, str):
        raise _LineError("there is no Username")
    username = _username(typed)
    if username in seen:
        raise _LineError(f"line {seen[username]} names the same user")
    password_hash = members.get("PasswordHash")
    if password_hash is not None:
        if not isinstance(password_hash, str):
            raise _LineError("PasswordHash is no text")
        require_importable(password_hash)
    is_one_time = _boolean(members, "PasswordChangeRequired", default=False)
    return UserLine(
        number=number,
        username=username,
        groups=_groups(members.get("Groups")),
        disabled=not _boolean(members, "Enabled", default=True),
        attributes=_attributes(members.get("Attributes")),
        password_hash=password_hash,
        is_one_time=is_one_time,
    )


def _username(typed: str) -> str:
    try:
        return canonical_username(typed)
    except ValueError as error:
        raise _LineError(str(error)) from error


def _groups(listed: object) -> frozenset[str]:
    if listed is None:
        return frozenset()
    if not isinstance(listed, list) or not all(
        isinstance(name, str) for name in listed
    ):
        raise _LineError("Groups is no list of texts")
    for name in listed:
        if not 1 <= len(name) <= _LONGEST_GROUP:
            raise _LineError(f"a group has 1 to {_LONGEST_GROUP} characters")
        if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in name):
            raise _LineError("a group is text without control characters")
    return frozenset(listed)


def _attributes(named: object) -> Mapping[str, str]:
    if named is None:
        return {}
    if not isinstance(named, dict):
        raise _LineError("Attributes is no object of texts")
    for name, value in named.items():
        if not isinstance(value, str) or not is_attribute(name, value):
            raise _LineError(
                "an attribute has a name of 1 to 63 of a-z, 0-9 and _.-, a letter "
                "first, and a value of up to 256 letters, digits, spaces and _.:/=+-@"
            )
    return dict(sorted(named.items()))


def _boolean(members: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = members.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _LineError(f"{name} is neither true nor false")
    return value


def _json_records(file: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    for number, line in _lines(file):
        if not line.strip():
            continue
        try:
            members = strict_json.loads(line.encode())
        except strict_json.NotStrictJSONError as error:
            yield number, f"it is not JSON: {error}"
            continue
        if not isinstance(members, dict):
            yield number, "it is no JSON object"
        elif unknown := sorted(members.keys() - set(COLUMNS)):
            shown = unknown[0].encode("unicode_escape").decode()[:80]
            yield number, f"there is no member {shown}: {', '.join(COLUMNS)}"
        else:
            yield number, members


def _csv_records(file: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    rows = _csv_rows(file)
    _, header = next(rows, (1, []))
    columns = _columns(header)
    for number, row in rows:
        if not row:
            continue
        if len(row) != len(columns):
            yield number, f"it has {len(row)} cells, and the header {len(columns)}"
            continue
        try:
            yield number, _from_cells(dict(zip(columns, row, strict=True)))
        except _LineError as error:
            yield number, str(error)


def _csv_rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Give each row with the number of the line in which it begins."""
    # Line ends inside quotes are the cell's own.
    reader = csv.reader((line for _, line in _lines(file)), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise NotDoneError(
                f"Line {begins} is not CSV ({error}); nothing was changed."
            ) from error
        yield begins, row


def _columns(header: list[str]) -> list[str]:
    names = {column.lower(): column for column in COLUMNS}
    typed = [cell.strip().lower() for cell in header]
    if "username" not in typed:
        raise NotDoneError(
            "The first line is no header with a column Username, separated by commas "
            f"from {', '.join(COLUMNS[1:])}; nothing was changed."
        )
    for cell, name in zip(header, typed, strict=True):
        if name not in names:
            shown = cell.encode("unicode_escape").decode()[:80]
            raise NotDoneError(
                f"There is no column {shown!r}: {', '.join(COLUMNS)}; nothing was "
                "changed."
            )
    if len(set(typed)) != len(typed):
        raise NotDoneError("A column is there twice; nothing was changed.")
    return [names[name] for name in typed]


def _from_cells(cells: Mapping[str, str]) -> dict[str, Any]:
    groups = [part.strip() for part in cells.get("Groups", "").split(_SEPARATOR)]
    members: dict[str, Any] = {
        "Username": cells["Username"],
        "Groups": [name for name in groups if name],
        "Attributes": _attributes_in_cell(cells.get("Attributes", "")),
        "PasswordHash": cells.get("PasswordHash") or None,
    }
    for name in ("Enabled", "PasswordChangeRequired"):
        typed = cells.get(name, "").strip().lower()
        if typed not in _BOOLEANS:
            raise _LineError(f"{name} is neither true nor false")
        members[name] = _BOOLEANS[typed]
    return members


def _attributes_in_cell(cell: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for pair in filter(str.strip, cell.split(_SEPARATOR)):
        name, equals, value = pair.strip().partition("=")
        if not equals or name in attributes:
            raise _LineError("Attributes is no list of name=value, each name once")
        attributes[name] = value
    return attributes


def _lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Give each line, its end included, without a byte order mark before the first."""
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        if number == 1:
            if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise NotDoneError(
                    "The file is UTF-16: save it as UTF-8. Nothing was changed."
                )
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) > _LONGEST_LINE:
            raise NotDoneError(
                f"Line {number} has more than {_LONGEST_LINE} bytes; nothing was "
                "changed."
            )
        try:
            yield number, line.decode()
        except UnicodeDecodeError as error:
            raise NotDoneError(
                f"Line {number} is not UTF-8, from its byte {error.start + 1} on: save "
                "the file as UTF-8. Nothing was changed."
            ) from error


def csv_header(*, with_hashes: bool) -> str:
    return _csv_line(COLUMNS if with_hashes else _WITHOUT_HASHES)


def csv_line(user: ListedUser, *, with_hashes: bool) -> str:
    """Write a user. Raises ``NotDoneError`` for a group that no cell can hold."""
    cells = [
        user.identity.subject,
        _groups_cell(user),
        "false" if user.disabled else "true",
        _attributes_cell(user),
    ]
    if with_hashes:
        is_one_time = "true" if user.has_one_time_password else "false"
        cells += [user.password_hash or "", is_one_time]
    return _csv_line(cells)


def json_line(user: ListedUser, *, with_hashes: bool) -> str:
    members: dict[str, Any] = {
        "Username": user.identity.subject,
        "Groups": sorted(user.groups),
        "Enabled": not user.disabled,
        "Attributes": dict(user.attributes),
    }
    if with_hashes:
        members["PasswordHash"] = user.password_hash
        members["PasswordChangeRequired"] = user.has_one_time_password
    return json.dumps(members) + "\n"


def _groups_cell(user: ListedUser) -> str:
    groups = sorted(user.groups)
    for name in groups:
        if _SEPARATOR in name or name != name.strip():
            raise NotDoneError(
                f"A group of {user.identity.subject} has a semicolon, or white space "
                "around it, which CSV cannot say here: export JSON lines."
            )
    cell = _SEPARATOR.join(groups)
    # Read back it is the same: between semicolons there may be nothing.
    return _SEPARATOR + cell if _FORMULA.match(cell) else cell


def _attributes_cell(user: ListedUser) -> str:
    """Write what is read back as the same: no attribute has a semicolon."""
    if any(value != value.rstrip() for value in user.attributes.values()):
        raise NotDoneError(
            f"An attribute of {user.identity.subject} ends in white space, which CSV "
            "cannot say here: export JSON lines."
        )
    return _SEPARATOR.join(f"{name}={text}" for name, text in user.attributes.items())


def _csv_line(cells: tuple[str, ...] | list[str]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow(cells)
    return written.getvalue()
