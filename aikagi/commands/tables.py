"""Rows for people: beside each other where there is room, else below each other.

Nothing is cut: a name is there to be typed.
"""

import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aikagi.commands.output import has_colours, printable

_ROOM_BESIDE: Final = 60
"""Columns. In fewer, the cells of a row stand below each other."""


def show_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show rows at a terminal; their first cell is a name."""
    console = Console(no_color=not has_colours(sys.stdout), highlight=False)
    texts = [[Text(one_line(cell)) for cell in row] for row in rows]
    # rich knows how wide a character is.
    longest = max(row[0].cell_len for row in texts)
    if console.width < _ROOM_BESIDE or longest > console.width // 2:
        for row in texts:
            _show_below(console, row)
    else:
        console.print(_beside(headers, texts))


def one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _beside(headers: Sequence[str], rows: Sequence[Sequence[Text]]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(headers[0], no_wrap=True, style="bold")
    for header in headers[1:]:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _show_below(console: Console, row: Sequence[Text]) -> None:
    name, *others = row
    name.stylize("bold")
    # Whole, also where it is longer than the line.
    console.print(name, soft_wrap=True)
    for text in filter(None, others):
        console.print(Padding(text, (0, 0, 0, 2), expand=False), overflow="fold")
