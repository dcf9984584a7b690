"""What is shown of a call: in a pipe, and to a program.

Standard output has the answer, which is the text that was streamed or, where there
was none, the result. All else is on standard error.
"""

import base64
import json
import sys
from types import TracebackType
from typing import Any, Protocol, Self, final

from aikagi.commands.saying import note, printable, say, say_json
from aikagi.commands.steps import Steps

Told = dict[str, Any]


class View(Protocol):
    """Shows events from when it is entered until it is left."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, told: Told) -> None: ...


@final
class Quiet:
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

    def show(self, told: Told) -> None:
        match told:
            case {"type": "output", "text": str(text)} if text:
                self.streamed, self._last = True, text
                sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
                sys.stdout.flush()
            case {"type": "result"} if not self.streamed:
                show_value(told.get("value"))
            case _:
                pass


@final
class Plain:
    """The answer and, beside it, one line for each step and each tenth of one."""

    def __init__(self) -> None:
        self._answer = Quiet()
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

    def show(self, told: Told) -> None:
        self._steps.follow(told)
        self._answer.show(told)
        kind, value = told.get("type"), told.get("value")
        if kind in ("start", "progress"):
            self._note_step()
        elif kind == "result" and self._answer.streamed and isinstance(value, dict):
            note(printable(json.dumps(value, ensure_ascii=False)))

    def _note_step(self) -> None:
        label, fraction = printable(self._steps.label), self._steps.fraction
        tenth = None if fraction is None else int(fraction * 10)
        if (label, tenth) != self._noted:
            self._noted = label, tenth
            note(label if fraction is None else f"{label} {fraction:.0%}")


@final
class Events:
    """The events as they came, one JSON object a line."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def show(self, told: Told) -> None:
        value = told.get("value")
        if isinstance(value, bytes):
            encoded = base64.b64encode(value).decode()
            told = {"type": "result", "base64": encoded}
        say_json(told)
        sys.stdout.flush()


def show_value(value: object) -> None:
    """Show a result on standard output: text and bytes as they are, else JSON."""
    if isinstance(value, bytes):
        _show_bytes(value)
    elif isinstance(value, str):
        say(printable(value) if sys.stdout.isatty() else value)
    else:
        say(json.dumps(value, ensure_ascii=False, indent=2))


def _show_bytes(value: bytes) -> None:
    if sys.stdout.isatty() and value:
        note(f"The answer is {len(value)} bytes, no text: send them to a file, by >")
        return
    sys.stdout.buffer.write(value)
