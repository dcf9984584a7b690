"""What is shown of a call: in a pipe, and to a program.

Standard output has the answer, which is the text that was streamed or, where there
was none, the result. All else is on standard error.
"""

import base64
import json
import sys
from types import TracebackType
from typing import Protocol, Self, final

from aikagi.commands.output import echo, echo_error, echo_json, printable
from aikagi.commands.steps import Steps
from aikagi.events import RawEvent


class View(Protocol):
    """Shows events from when it is entered until it is left."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, event: RawEvent) -> None: ...


@final
class QuietView:
    """The answer alone."""

    def __init__(self) -> None:
        self.streamed = False
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.streamed and not self._last.endswith("\n"):
            sys.stdout.write("\n")
        sys.stdout.flush()

    def show(self, event: RawEvent) -> None:
        match event:
            case {"type": "output", "text": str(text)} if text:
                self.streamed, self._last = True, text
                sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
                sys.stdout.flush()
            case {"type": "result"} if not self.streamed:
                show_value(event.get("value"))
            case _:
                pass


@final
class PlainView:
    """The answer and, beside it, one line for each step and each tenth of one."""

    def __init__(self) -> None:
        self._answer = QuietView()
        self._steps = Steps()
        self._noted: tuple[str, int | None] = ("", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._answer.__exit__(kind, error, trace)

    def show(self, event: RawEvent) -> None:
        self._steps.follow(event)
        self._answer.show(event)
        kind, value = event.get("type"), event.get("value")
        if kind in ("start", "progress"):
            self._note_step()
        elif kind == "result" and self._answer.streamed and isinstance(value, dict):
            echo_error(printable(json.dumps(value, ensure_ascii=False)))

    def _note_step(self) -> None:
        label, fraction = printable(self._steps.label), self._steps.fraction
        tenth = None if fraction is None else int(fraction * 10)
        if (label, tenth) != self._noted:
            self._noted = label, tenth
            echo_error(label if fraction is None else f"{label} {fraction:.0%}")


@final
class JsonView:
    """The events as they came, one JSON object a line."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def show(self, event: RawEvent) -> None:
        value = event.get("value")
        if isinstance(value, bytes):
            encoded = base64.b64encode(value).decode()
            event = {"type": "result", "base64": encoded}
        echo_json(event)
        sys.stdout.flush()


def show_value(value: object) -> None:
    """Show a result on standard output: text and bytes as they are, else JSON."""
    if isinstance(value, bytes):
        _show_bytes(value)
    elif isinstance(value, str):
        text = printable(value) if sys.stdout.isatty() else value
        echo(text.removesuffix("\n"))
    else:
        echo_json(value, indent=2)


def _show_bytes(value: bytes) -> None:
    if sys.stdout.isatty() and value:
        echo_error(
            f"The answer is {len(value)} bytes, no text: send them to a file, by >"
        )
        return
    sys.stdout.buffer.write(value)
