"""The matrix: for each role its tables of what it can and cannot do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aikagi_emulator.template import Stack
from tests.privileges.attempts import attempts
from tests.privileges.dangers import INTENDED
from tests.privileges.holders import Holder, holders_of
from tests.privileges.requests import GRANTED, RESOURCES, Only, Row
from tests.privileges.rights import granted
from tests.privileges.verdicts import verdicts

Judged = tuple[Row, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Every request about a stack with its verdict.

    ``granted`` are about the statements of its policies, ``attempts`` are dangers.
    """

    holders: tuple[Holder, ...]
    granted: tuple[Judged, ...]
    attempts: tuple[Judged, ...]


def matrix_of(stack: Stack, only: Only = None) -> Matrix:
    """Ask everything; of ``only`` these holders, where not of all."""
    rows, tried = tuple(granted(stack, only)), tuple(attempts(stack, only))
    judged = verdicts(row.ask for row in (*rows, *tried))
    return Matrix(
        holders=tuple(
            holder
            for holder in holders_of(stack)
            if only is None or holder.logical_id in only
        ),
        granted=tuple(zip(rows, judged[: len(rows)], strict=True)),
        attempts=tuple(zip(tried, judged[len(rows) :], strict=True)),
    )


def dangerous(matrix: Matrix) -> list[str]:
    """Return a sentence for each danger that somebody may do, and is not there for."""
    return [
        f"{row.holder}: {row.who} may {row.ask.action} on {row.on}"
        f"{f' {row.circumstance}' if row.circumstance else ''}: "
        "tests/privileges/dangers.py says that nobody may."
        for row, allowed in matrix.attempts
        if allowed and (row.who, row.ask.action, row.on) not in INTENDED
    ]


def tables(matrix: Matrix, name: Mapping[str, str]) -> dict[str, str]:
    """Return the tables of each holder by its logical id, and of all dangers by "".

    ``name`` leads from the ARNs of a stack to what to call them.
    """
    found = {}
    for holder in matrix.holders:
        own = [
            (row, allowed)
            for row, allowed in matrix.granted
            if row.holder == holder.logical_id
        ]
        parts = [
            _rights([entry for entry in own if not entry[0].trusts], name),
            _trust([entry for entry in own if entry[0].trusts]),
        ]
        found[holder.logical_id] = "\n".join(part for part in parts if part)
    return found


def _rights(own: Sequence[Judged], name: Mapping[str, str]) -> str:
    cells: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for row, allowed in own:
        statement = f"{row.statement}{' (denies)' if row.denies else ''}"
        line = cells.setdefault((statement, _named(row.on, name)), {})
        line.setdefault(row.ask.action, {})[row.circumstance] = _word(allowed)
    columns = (GRANTED, *RESOURCES)
    lines = [
        (statement, _joined(actions), on, *(cell.get(c, "") for c in columns))
        for (statement, on), by_action in cells.items()
        for actions, cell in _alike(by_action, columns)
    ]
    conditions = [
        (statement, _joined(actions), key, *values)
        for (statement, _), by_action in cells.items()
        for actions, cell in _alike(by_action)
        for key, values in _by_key(cell).items()
    ]
    return _sections(
        (("Statement", "Action", "On", *columns), lines),
        (("Statement", "Action", "Condition", *_OF_KEY), conditions),
    )


def _trust(own: Sequence[Judged]) -> str:
    cells: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for row, allowed in own:
        line = cells.setdefault((row.statement, row.ask.action), {})
        line.setdefault(row.who, {})[row.circumstance] = _word(allowed)
    callers = tuple(dict.fromkeys(row.who for row, _ in own))
    lines = [
        (statement, f"`{action}`", *(by_caller[who][GRANTED] for who in callers))
        for (statement, action), by_caller in cells.items()
    ]
    conditions = [
        (statement, f"`{action}`", ", ".join(whos), key, *values)
        for (statement, action), by_caller in cells.items()
        for whos, cell in _alike(by_caller)
        for key, values in _by_key(cell).items()
    ]
    return _sections(
        (("Trust", "Action", *callers), lines),
        (("Trust", "Action", "By", "Condition", *_OF_KEY), conditions),
    )


_OF_KEY: Final = ("without it", "with another value")
_KINDS: Final = ("without ", "another ")


def _by_key(cell: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the verdicts about each condition's key: without it, and with another."""
    keys = dict.fromkeys(
        circumstance.removeprefix(kind)
        for circumstance in cell
        if circumstance != GRANTED and circumstance not in RESOURCES
        for kind in _KINDS
        if circumstance.startswith(kind)
    )
    return {
        f"`{key}`": [cell.get(f"{kind}{key}", "") for kind in _KINDS] for key in keys
    }


def _alike(
    by_name: Mapping[str, Mapping[str, str]], columns: Iterable[str] | None = None
) -> list[tuple[tuple[str, ...], Mapping[str, str]]]:
    """Join the names whose verdicts are the same."""
    found: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, cell in by_name.items():
        names = cell if columns is None else columns
        key = tuple((column, cell.get(column, "")) for column in names)
        found.setdefault(key, []).append(name)
    return [(tuple(names), dict(key)) for key, names in found.items()]


def _named(pattern: str, name: Mapping[str, str]) -> str:
    """Return the logical id of what a policy names, or the end of its ARN."""
    if known := name.get(pattern.removesuffix(":*")):
        return known
    parts = pattern.split(":", 5)
    return f"`{parts[2]}:{parts[5]}`" if len(parts) > 5 else f"`{pattern}`"


def _joined(actions: Iterable[str]) -> str:
    return ", ".join(f"`{action}`" for action in actions)


def _word(allowed: bool) -> str:
    return "yes" if allowed else "no"


def _sections(*parts: tuple[Sequence[str], Sequence[Sequence[str]]]) -> str:
    return "\n".join(table(header, lines) for header, lines in parts if lines)


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown that a terminal shows as one too."""
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    ruled = ["-" * width for width in widths]
    return "".join(
        f"| {' | '.join(map(str.ljust, line, widths))} |\n"
        for line in (header, ruled, *lines)
    )
