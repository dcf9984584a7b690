"""``pip install ./emulator`` in an environment of its own runs anybody's template."""

import os
import shutil
import signal
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from emulator.tests.launcher.wheels import asking_for, write_wheel

HERE = Path(__file__).parent
PROJECT = HERE.parent
SMALL = HERE / "launcher"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The console script of an environment into which only the emulator was installed.

    What it requires comes from here, because no test needs a package index.
    """
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True)
    bin_ = environment / "bin"
    (libraries,) = environment.glob("lib/python*/site-packages")
    (libraries / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    source = tmp_path / "source"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        source.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, source)
    shutil.copytree(
        PROJECT / "src/aikagi_emulator",
        source / "src/aikagi_emulator",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    subprocess.run(
        [
            *(str(bin_ / "python"), "-m", "pip", "install", "--quiet", "--no-index"),
            *("--no-deps", "--no-build-isolation", str(source)),
        ],
        check=True,
        timeout=100,
        env={"PATH": os.environ["PATH"], "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    installed = subprocess.run(
        [str(bin_ / "python"), "-c", "print(__import__('aikagi_emulator').__file__)"],
        cwd=tmp_path,
        env={},
        check=True,
        capture_output=True,
        text=True,
    )
    assert installed.stdout.startswith(str(libraries))
    return bin_ / "aikagi-emulator"


def test_an_installed_emulator_runs_the_template_of_its_working_directory(
    program: Path, tmp_path: Path, free_first_port: int
):
    theirs = tmp_path / "theirs"
    shutil.copytree(SMALL / "small_functions", theirs / "small_functions")
    shutil.copy(SMALL / "lone.yaml", theirs / "template.yaml")
    wheels = write_wheel(tmp_path / "wheels", "words", "1.0", "WORDS = 1\n").parent
    (theirs / "small_functions" / "requirements.txt").write_text(
        asking_for("words", wheels=wheels)
    )
    with subprocess.Popen(
        [str(program), "--port", str(free_first_port)],
        cwd=theirs,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("ready in "):
                process.send_signal(signal.SIGTERM)

    text = "".join(said)
    assert process.returncode == 0, text
    assert "installing small_functions/requirements.txt\n" in text
    assert f"Greeting  http://127.0.0.1:{free_first_port + 101}/\n" in text
    # A function's Python has what Lambda's brings, from wherever the emulator has it.
    (python,) = theirs.glob(".emulator/packages/python-*/bin/python")
    for module, status in (("boto3, awslambdaric", 0), ("aikagi_emulator", 1)):
        done = subprocess.run(
            [str(python), "-c", f"import {module}"],
            cwd=tmp_path,
            env={},
            check=False,
            capture_output=True,
        )
        assert done.returncode == status, done.stderr
