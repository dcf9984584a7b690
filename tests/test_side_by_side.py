"""What `make test` does with two processes and their ends."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes import descendants
from tests.side_by_side import ROOT, SECOND, exit_status, names_tests

PASSES = "def test_it(): pass\n"
FAILS = "def test_it(): assert 'this one' == 'fails'\n"
WAITS = """
    import pathlib, signal

    def test_it(request):
        here = pathlib.Path(__file__).with_suffix(".began")
        request.addfinalizer(lambda: here.with_suffix(".ended").touch())
        # Blocked, it cannot come between the writing and the waiting and be missed.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        here.write_text("now")
        signal.sigwait({signal.SIGINT})
        raise KeyboardInterrupt
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a copy of the program in a folder with such tests."""
    started = []

    def start(*, browser: str, others: str, **kept: str) -> subprocess.Popen[str]:
        for folder in SECOND:
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        program = tmp_path / "tests/side_by_side.py"
        program.write_text((ROOT / "tests/side_by_side.py").read_text())
        (tmp_path / "tests/browser/test_a.py").write_text(textwrap.dedent(browser))
        (tmp_path / "tests/test_b.py").write_text(textwrap.dedent(others))
        (tmp_path / "emulator/tests/test_c.py").write_text(PASSES)
        settings = "[pytest]\ntestpaths = tests emulator/tests\n"
        (tmp_path / "pytest.ini").write_text(settings)
        process = subprocess.Popen(
            [sys.executable, str(program), *kept.values()],
            # What pytest finds installed takes longer than all that is tried here.
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        alive = {process.pid} if process.poll() is None else set()
        for pid in alive | descendants(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize(
    ("browser", "others", "status"),
    [(PASSES, PASSES, 0), (FAILS, PASSES, 1), (PASSES, FAILS, 1)],
)
def test_a_failure_in_either_process_is_one_of_the_whole(
    start: Callable[..., subprocess.Popen[str]], browser: str, others: str, status: int
):
    process = start(browser=browser, others=others)
    output, _ = process.communicate(timeout=60)

    assert process.returncode == status
    assert output.index("tests/test_b.py") < output.index("The tests in emulator/tests")
    assert output.index("beside those above") < output.index("tests/browser/test_a.py")
    assert output.count("this one") >= status
    for name in ("tests/test_b.py", "tests/browser/test_a.py", "tests/test_c.py"):
        assert output.count(f"{name} ") == 1  # and no test runs twice


def test_a_choice_that_one_process_has_no_test_of_is_the_other_s(
    start: Callable[..., subprocess.Popen[str]],
):
    process = start(browser=PASSES, others=FAILS, argument="-ktest_a")
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "1 deselected" in output
    assert "1 passed" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_both_after_their_fixtures(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: int
):
    (tmp_path / "tests/browser").mkdir(parents=True)
    waiting = (tmp_path / "tests/browser/test_a", tmp_path / "tests/test_b")
    for path in waiting:
        os.mkfifo(path.with_suffix(".began"))
    process = start(browser=WAITS, others=WAITS)
    for path in waiting:
        assert path.with_suffix(".began").read_text() == "now"

    process.send_signal(number)
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert output.count("KeyboardInterrupt") >= len(waiting)
    assert all(path.with_suffix(".ended").exists() for path in waiting)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([0, 0], 0),
        ([0, 5], 0),
        ([5, 0], 0),
        ([5, 5], 5),
        ([0, 1], 1),
        ([2, 5], 2),
        ([0, -9], 137),
    ],
)
def test_the_exit_status_is_that_of_what_went_wrong(statuses: list[int], status: int):
    assert exit_status(statuses) == status


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], False),
        (["-k", "browser", "-x"], False),
        (["-k", "app"], False),
        (["tests/web"], True),
        (["-x", "tests/test_settings.py::test_it"], True),
        (["emulator/tests/aws"], True),
        (["tests/nowhere.py"], False),
    ],
)
def test_named_tests_are_for_one_process(arguments: list[str], named: bool):
    assert names_tests(arguments) is named
