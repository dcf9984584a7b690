"""Measurements as a table for people and as JSON for programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Cell = str | int | float


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of named cells; the first of each says what the row is of."""

    title: str
    rows: Sequence[Mapping[str, Cell]]

    def lines(self) -> Iterator[str]:
        names = list(self.rows[0])
        written = [names]
        written += [[_written(row[name]) for name in names] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(*written, strict=True)]
        yield self.title
        for first, *others in written:
            cells = (
                cell.rjust(width)
                for cell, width in zip(others, widths[1:], strict=True)
            )
            yield "  ".join([f"  {first.ljust(widths[0])}", *cells])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _written(cell: Cell) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)
