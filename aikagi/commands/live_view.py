"""What a person sees of a call at a terminal: a bar below the text that comes."""

import io
import json
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from aikagi.commands.answer import Answer
from aikagi.commands.output import has_colours, printable
from aikagi.commands.steps import Steps
from aikagi.commands.views import head_text, show_value
from aikagi.events import RawEvent

if TYPE_CHECKING:
    from aikagi.calls import ResponseHead

_ROOM_FOR_BAR: Final = 60
"""Columns: in fewer there are words and a percentage only."""

_PER_SECOND: Final = 10


@final
class LiveView:
    """The bar is on standard error, and vanishes. What stays is the answer.

    Text goes to ``answer``, above the bar where that is the terminal too: line
    by line, and what has no end yet stands in the moving part.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._console = Console(
            stderr=True, no_color=not has_colours(sys.stderr), highlight=False
        )
        self._steps = Steps()
        self._spinner = Spinner("dots")
        self._began = time.monotonic()
        self._text_here = answer.is_terminal
        self._streamed = False
        self._last = ""
        self._line = io.StringIO()
        self._result: Any = None
        self._live = Live(
            get_renderable=self._frame,
            console=self._console,
            transient=True,
            refresh_per_second=_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        line, self._line = self._line.getvalue(), io.StringIO()
        self._live.stop()
        if line:
            self._answer.write_text(f"{line}\n")
        elif self._last and not self._last.endswith("\n") and not self._text_here:
            self._answer.write_text("\n")
        if kind is None:
            self._show_end()
        self._answer.flush()

    def show_head(self, head: "ResponseHead") -> None:
        self._write(head_text(head))

    def show(self, event: RawEvent) -> None:
        self._steps.follow(event)
        match event:
            case {"type": "output", "text": str(text)} if text:
                self._streamed, self._last = True, text
                self._write(text)
            case {"type": "bytes", "value": bytes(piece)}:
                self._streamed = True
                self._answer.write_bytes(piece)
            case {"type": "result"}:
                self._result = event.get("value")
            case _:
                pass

    def _write(self, text: str) -> None:
        if not self._text_here:
            self._answer.write_text(text)
            self._answer.flush()
            return
        # Only what is new is split: a line may come in many pieces.
        *ended, rest = printable(text).split("\n")
        for piece in ended:
            self._line.write(piece)
            self._console.print(Text(self._line.getvalue()), soft_wrap=True)
            self._line = io.StringIO()
        self._line.write(rest)

    def _show_end(self) -> None:
        if not self._streamed:
            show_value(self._answer, self._result)
        elif isinstance(self._result, dict):
            value = json.dumps(self._result, ensure_ascii=False)
            self._console.print(Text(printable(value), style="dim"), soft_wrap=True)
        took = time.monotonic() - self._began
        if took >= 1:
            self._console.print(Text(f"Done in {_duration(took)}", style="green"))

    def _frame(self) -> RenderableType:
        bar, width, height = self._bar(), *self._console.size
        # As much as leaves room for the bar: a line may be longer than the screen.
        end = self._line.getvalue()[-width * (height // 2) :]
        return Group(Text(end), bar) if end else bar

    def _bar(self) -> RenderableType:
        """Lay out one row, what grows last, so that nothing jumps."""
        fraction, width = self._steps.fraction, self._console.width
        took = _duration(time.monotonic() - self._began)
        cells: list[tuple[RenderableType, int | None]] = [(self._spinner, 1)]
        if width >= _ROOM_FOR_BAR:
            cells.append((_progress_bar(fraction), width // 3))
        cells += [
            (Text("" if fraction is None else f"{fraction:.0%}", justify="right"), 4),
            (Text(took, style="dim", justify="right"), 5),
            (Text(printable(self._steps.label)), None),
        ]
        row = Table.grid(padding=(0, 1, 0, 0))
        for _, columns in cells:
            row.add_column(width=columns, no_wrap=True, overflow="ellipsis")
        row.add_row(*(cell for cell, _ in cells))
        return row


def _progress_bar(fraction: float | None) -> ProgressBar:
    if fraction is None:
        return ProgressBar(total=None, pulse=True)
    return ProgressBar(total=1.0, completed=fraction)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes else f"{rest} s"
