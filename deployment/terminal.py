"""Questions for whoever sits at the terminal, and what is written to it."""

import sys
from collections.abc import Callable, Iterable
from typing import Final, TextIO, final

from deployment.errors import DeploymentError, ExitCode, UsageError


@final
class Terminal:
    """``interactive`` is whether somebody is there to answer."""

    def __init__(
        self,
        *,
        interactive: bool,
        read: TextIO | None = None,
        write: TextIO | None = None,
    ) -> None:
        self.interactive: Final = interactive
        self._read = read or sys.stdin
        self._write = write or sys.stdout

    def say(self, *lines: str) -> None:
        self._write.writelines(f"{line}\n" for line in lines)
        self._write.flush()

    def table(self, rows: Iterable[tuple[str, str]]) -> None:
        """Write pairs below each other, the second of each in one column."""
        listed = list(rows)
        width = max((len(first) for first, _ in listed), default=0)
        self.say(*(f"  {first:<{width}}  {second}" for first, second in listed))

    def ask(
        self, question: str, check: Callable[[str], None], *, default: str | None = None
    ) -> str:
        """Ask until ``check`` takes the answer, which is for an interactive terminal.

        ``check`` raises ``UsageError`` with what the answer has to be.
        """
        shown = f" [{default}]" if default else ""
        while True:
            answer = self._answer(f"{question}{shown}: ") or default or ""
            try:
                check(answer)
            except UsageError as error:
                self.say(str(error))
            else:
                return answer

    def typed(self, question: str) -> str:
        """Give what is typed, which may be nothing."""
        return self._answer(question)

    def _answer(self, question: str) -> str:
        self._write.write(question)
        self._write.flush()
        line = self._read.readline()
        if not line:  # Ctrl-D
            raise DeploymentError("\nNothing was answered.", ExitCode.INTERRUPTED)
        return line.strip()
