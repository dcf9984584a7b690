"""Run the tests in two processes, at the same time.

The second has those of ``SECOND``, the browser's last, and the first has all others of
``FIRST``: so both take about as long.

``make test`` is this program; its arguments are pytest's, for both processes. Arguments
that name tests are for one process, which is pytest as ever.

Playwright keeps an event loop running in the thread of its tests, and whatever else
runs in that thread meets it.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, final

import pytest

ROOT: Final = Path(__file__).parent.parent
FIRST: Final = "tests"
SECOND: Final = ("emulator/tests", "tests/deployment", "tests/browser")
_ALWAYS: Final = ("--durations=20",)
_CACHE: Final = ".pytest_cache/second"

NO_TESTS: Final = int(pytest.ExitCode.NO_TESTS_COLLECTED)


def main(arguments: Sequence[str]) -> int:
    """Return the exit status of pytest: of the first process that failed, else 0."""
    if names_tests(arguments):
        command = [sys.executable, "-m", "pytest", *arguments]
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    with tempfile.TemporaryFile("w+b") as output:
        first = [FIRST, *(f"--ignore={folder}" for folder in SECOND)]
        first += [*_ALWAYS, *arguments]
        # Two processes that keep what failed last in one file would lose it.
        second = [*SECOND, "-o", f"cache_dir={_CACHE}", *_ALWAYS, *arguments]
        second += ["--color=yes"] if sys.stdout.isatty() else []
        processes = Processes()
        processes.start(first, stdout=None)
        processes.start(second, stdout=output)
        statuses = processes.wait()
        output.seek(0)
        sys.stdout.write(
            f"\nThe tests in {' and '.join(SECOND)}, beside those above:\n"
        )
        sys.stdout.flush()
        sys.stdout.buffer.write(output.read())
        sys.stdout.flush()
    return exit_status(statuses)


def names_tests(arguments: Sequence[str]) -> bool:
    """Whether one of them is a file, a folder or a test below a folder of tests."""
    paths = [ROOT / argument.partition("::")[0] for argument in arguments]
    return any(
        path.is_relative_to(ROOT / folder) and path.exists()
        for path in paths
        for folder in ("tests", "emulator/tests")
    )


def exit_status(statuses: Sequence[int]) -> int:
    """Of several pytest processes: one that chose no test is right if another did."""
    failed = [status for status in statuses if status not in {0, NO_TESTS}]
    if failed:
        return failed[0] if failed[0] > 0 else 128 - failed[0]
    return NO_TESTS if set(statuses) == {NO_TESTS} else 0


def _environment() -> dict[str, str]:
    """Let Python keep what it compiles, though containers often tell it not to.

    To rewrite the assertions of all tests and compile them takes ten seconds.
    """
    without = "PYTHONDONTWRITEBYTECODE"
    return {name: text for name, text in os.environ.items() if name != without}


@final
class Processes:
    """Pytest processes that end together when this one is told to end.

    Each has a process group of its own: Ctrl-C reaches this process alone, which
    passes it on once. Twice would keep pytest from ending what its tests started.
    """

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self._interrupted = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupt)

    def start(self, arguments: Sequence[str], *, stdout: IO[bytes] | None) -> None:
        self._started.append(
            subprocess.Popen(
                [sys.executable, "-m", "pytest", *arguments],
                cwd=ROOT,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=None if stdout is None else subprocess.STDOUT,
                process_group=0,
            )
        )
        if self._interrupted:
            self._interrupt()

    def wait(self) -> list[int]:
        return [process.wait() for process in self._started]

    def _interrupt(self, *_: object) -> None:
        self._interrupted = True
        for process in self._started:
            process.send_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
