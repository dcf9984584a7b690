"""``make function``: a whole function is written, or nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from new_function import RefusedError, create
from tests.functions import import_contract
from tests.stack import ROOT
from tests.template.contract import violations
from tests.template.stacks import deployed


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What of the repository a new function is written into."""
    root = tmp_path / "copy"
    for name in ("functions", "tests/functions"):
        shutil.copytree(
            ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    (root / "app").symlink_to(ROOT / "app")
    shutil.copy(ROOT / "template.yaml", root)
    return root


def files_of(root: Path) -> dict[Path, str]:
    return {
        path: path.read_text()
        for path in (root / "template.yaml", *root.glob("*/**/*"))
        if path.is_file() and "app" not in path.relative_to(root).parts[:1]
    }


@pytest.mark.parametrize("stream", [False, True], ids=["a handler", "a stream"])
@pytest.mark.parametrize("name", ["newcomer", "new-comer", "a-b2-c", "x" * 40])
def test_a_new_function_fits_into_the_template(copy: Path, name: str, stream: bool):
    before = files_of(copy)

    written = create(name, stream=stream, root=copy)

    after = files_of(copy)
    folder = name.replace("-", "_")
    assert [path.relative_to(copy).as_posix() for path in written] == [
        f"functions/{folder}/__init__.py",
        f"functions/{folder}/app.py",
        f"tests/functions/test_{folder}.py",
    ]
    assert after.keys() - before.keys() == set(written)
    changed = {path for path, text in before.items() if after[path] != text}
    assert changed == {copy / "template.yaml"}
    assert violations(deployed(copy / "template.yaml")) == []
    imports = [line for line in after[written[2]].splitlines() if "import" in line]
    assert imports == sorted(imports), "as ruff wants them"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("", "cannot be the name", id="none"),
        pytest.param("Greet", "cannot be the name", id="capitals"),
        pytest.param("newcomer_me", "cannot be the name", id="a low line"),
        pytest.param("newcomer--me", "cannot be the name", id="two hyphens"),
        pytest.param("-newcomer", "cannot be the name", id="a hyphen first"),
        pytest.param("newcomer-", "cannot be the name", id="a hyphen last"),
        pytest.param("1st", "cannot be the name", id="a digit first"),
        pytest.param("newcomer-2", "cannot be the name", id="a word of digits"),
        pytest.param("grüße", "cannot be the name", id="beyond ASCII"),
        pytest.param("../newcomer", "cannot be the name", id="a path"),
        pytest.param("newcomer\n", "cannot be the name", id="a line end"),
        pytest.param("x" * 41, "cannot be the name", id="too long"),
        pytest.param("class", "is a word of Python", id="a keyword"),
        pytest.param("match", "is a word of Python", id="a soft keyword"),
        pytest.param("hello", "There is a 'hello' already", id="a function"),
        pytest.param("layer", "There is a 'layer' already", id="the layer"),
        pytest.param("json", "is the name of a Python module", id="of Python"),
        pytest.param("boto3", "is the name of a Python module", id="of a package"),
        pytest.param("aikagi-function", "is the name of a Python module", id="ours"),
    ],
)
def test_a_name_that_cannot_be_had_is_refused_and_nothing_is_written(
    copy: Path, name: str, reason: str
):
    before = files_of(copy)

    with pytest.raises(RefusedError, match=reason):
        create(name, stream=False, root=copy)

    assert files_of(copy) == before


def test_a_name_that_only_the_template_has_is_taken(copy: Path):
    create("newcomer", stream=False, root=copy)
    shutil.rmtree(copy / "functions" / "newcomer")
    (copy / "tests" / "functions" / "test_newcomer.py").unlink()

    with pytest.raises(RefusedError, match="There is a 'newcomer' already"):
        create("newcomer", stream=False, root=copy)


def test_a_template_without_outputs_is_refused_and_nothing_is_written(copy: Path):
    template = copy / "template.yaml"
    template.write_text(template.read_text().replace("\nOutputs:\n", "\nOutput:\n"))
    before = files_of(copy)

    with pytest.raises(RefusedError, match="no line Outputs:"):
        create("newcomer", stream=False, root=copy)

    assert files_of(copy) == before


def test_what_was_written_is_taken_back_when_the_rest_cannot_be(copy: Path):
    shutil.rmtree(copy / "tests")
    before = files_of(copy)

    with pytest.raises(FileNotFoundError):
        create("newcomer", stream=False, root=copy)

    assert files_of(copy) == before
    assert not (copy / "functions" / "newcomer").exists()


def test_the_command_says_what_to_edit_or_why_it_did_nothing(copy: Path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, copy / "functions" / "new_function.py", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("--stream", "--", "newcomer")
    again = run("--", "newcomer")

    assert (done.returncode, done.stderr) == (0, "")
    for path in (
        "functions/newcomer/app.py",
        "template.yaml",
        "tests/functions/test_newcomer",
    ):
        assert path in done.stdout
    assert again.returncode == 1
    assert again.stderr == "There is a 'newcomer' already: choose another name.\n"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        pytest.param("from hello.app import handler\n", False, id="another function"),
        pytest.param("import app.domain\n", False, id="the broker"),
        pytest.param("import aikagi\n", False, id="the client"),
        pytest.param("from newcomer import __doc__ as x\n", True, id="its own package"),
        pytest.param("import aikagi_function.events\n", True, id="the layer"),
        pytest.param("import boto3\n", True, id="a package"),
    ],
)
def test_functions_never_import_each_other(copy: Path, line: str, kept: bool):
    code = create("newcomer", stream=False, root=copy)[1]
    code.write_text(f"{line}\n{code.read_text()}")

    done = subprocess.run(
        [sys.executable, "-m", import_contract.__name__, copy / "functions"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode == 0) == kept, done.stdout + done.stderr
