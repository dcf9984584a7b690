"""The emulator runs any project's template, and knows nothing of one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import aikagi_emulator

SOURCE = Path(aikagi_emulator.__file__).parent
PROJECT = SOURCE.parents[1]

FOREIGN = re.compile(
    r"""
    aikagi(?![_-]emulator)        # the project beside it, in names, paths and variables
    | \bbroker | \bdemo\b
    | \balice\b | \bbob\b
    | \bhello\b | \bsummarise\b | ["']report["']
    | lambda_handler
    """,
    re.VERBOSE | re.IGNORECASE,
)


def words() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            yield f"{path.relative_to(SOURCE)}:{number}", line


def test_no_word_of_the_source_belongs_to_the_project_beside_it():
    assert [(place, line) for place, line in words() if FOREIGN.search(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        'HEADER = "x-aikagi-why"',
        'os.environ["AIKAGI_PORT"]',
        "import aikagi",
        'PATH = "/aikagi/functions"',
        'HANDLER = "app.lambda_handler.handler"',
        "the Broker",
        "user = 'alice'",
    ],
)
def test_such_a_word_would_be_found(line: str):
    assert FOREIGN.search(line)


@pytest.mark.parametrize(
    "line",
    ["from aikagi_emulator import aws", "pip install aikagi-emulator", "reports.py"],
)
def test_its_own_name_is_none(line: str):
    assert not FOREIGN.search(line)


def test_its_tests_import_nothing_of_the_project_beside_it_either():
    foreign = {"aikagi", "app", "functions", "tests", "benchmarks"}
    found = {
        (str(path.relative_to(PROJECT)), name)
        for path in sorted((PROJECT / "tests").rglob("*.py"))
        for name in _imports(path)
        if name.partition(".")[0] in foreign
    }

    assert found == set()


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
