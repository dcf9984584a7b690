"""What is shown of a call: in a pipe, and to a program.

The answer is the text that was streamed or, where there was none, the result. All else
is on standard error.
"""

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, final

from aikagi.commands.answer import Answer
from aikagi.commands.output import echo_error, json_text
from aikagi.commands.steps import Steps
from aikagi.events import RawEvent

if TYPE_CHECKING:
    from aikagi.calls import ResponseHead


class View(Protocol):
    """Shows events from when it is entered until it is left.

    ``show_head`` comes first, and only where somebody asked for it.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show_head(self, head: "ResponseHead") -> None: ...

    def show(self, event: RawEvent) -> None: ...


@final
class QuietView:
    """The answer alone."""

    def __init__(self, answer: Answer) -> None:
        self.streamed = False
        self._answer = answer
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._last and not self._last.endswith("\n"):
            self._answer.write_text("\n")
        self._answer.flush()

    def show_head(self, head: "ResponseHead") -> None:
        self._answer.write_text(head_text(head))

    def show(self, event: RawEvent) -> None:
        match event:
            case {"type": "output", "text": str(text)} if text:
                self.streamed, self._last = True, text
                self._answer.write_text(text)
                self._answer.flush()
            case {"type": "bytes", "value": bytes(piece)}:
                self.streamed = True
                self._answer.write_bytes(piece)
            case {"type": "result"} if not self.streamed:
                show_value(self._answer, event.get("value"))
            case _:
                pass


@final
class PlainView:
    """The answer and, beside it, one line for each step and each tenth of one."""

    def __init__(self, answer: Answer) -> None:
        self._answer = QuietView(answer)
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

    def show_head(self, head: "ResponseHead") -> None:
        self._answer.show_head(head)

    def show(self, event: RawEvent) -> None:
        self._steps.follow(event)
        self._answer.show(event)
        kind, value = event.get("type"), event.get("value")
        if kind in ("start", "progress"):
            self._note_step()
        elif kind == "result" and self._answer.streamed and isinstance(value, dict):
            echo_error(json.dumps(value, ensure_ascii=False))

    def _note_step(self) -> None:
        label, fraction = self._steps.label, self._steps.fraction
        tenth = None if fraction is None else int(fraction * 10)
        if (label, tenth) != self._noted:
            self._noted = label, tenth
            echo_error(label if fraction is None else f"{label} {fraction:.0%}")


@final
class JsonView:
    """The events as they came, one JSON object a line."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.flush()

    def show_head(self, head: "ResponseHead") -> None:
        self._write(
            {"type": "response", "status": head.status, "headers": dict(head.headers)}
        )

    def show(self, event: RawEvent) -> None:
        value = event.get("value")
        if isinstance(value, bytes):
            encoded = base64.b64encode(value).decode()
            event = {"type": "result", "base64": encoded}
        self._write(event)

    def _write(self, event: Mapping[str, Any]) -> None:
        text = json_text(event, for_terminal=self._answer.is_terminal)
        self._answer.write_text(f"{text}\n")
        self._answer.flush()


def show_value(answer: Answer, value: object) -> None:
    """Show a result: text and bytes as they are, else JSON."""
    if isinstance(value, bytes):
        answer.write_bytes(value)
    elif isinstance(value, str):
        answer.write_text(value.removesuffix("\n") + "\n")
    else:
        text = json_text(value, for_terminal=answer.is_terminal, indent=2)
        answer.write_text(f"{text}\n")


def head_text(head: "ResponseHead") -> str:
    """Give status and headers as ``curl --include`` does, but for line ends."""
    try:
        phrase = f" {HTTPStatus(head.status).phrase}"
    except ValueError:
        phrase = ""
    lines = (f"{name}: {value}" for name, value in head.headers.items())
    return "\n".join([f"HTTP/1.1 {head.status}{phrase}", *lines, "", ""])
