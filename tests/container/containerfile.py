"""What docs/container/Containerfile says, and its commands without a container.

Dockerfile reference: an instruction for each line, and ``\\`` before a line's end goes
on with the next, but for comments. All paths of the build are below its WORKDIR, so
that a folder anywhere can stand for it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PATH: Final = ROOT / "docs" / "container" / "Containerfile"

WITH_PACKAGES: Final = os.environ.get("AIKAGI_CONTAINER", "")
"""Environment variable of ``make container``: a bare Python, for which the packages of
the image are installed. Empty where those of these tests stand for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    name: str
    arguments: str

    @property
    def command(self) -> Sequence[str]:
        """The words of its JSON array, which no shell reads (the exec form)."""
        words: list[str] = json.loads(self.arguments[self.arguments.index("[") :])
        return words


def stages(text: str) -> list[list[Instruction]]:
    """Give the instructions of each stage, ``FROM`` first; not what is before."""
    found: list[list[Instruction]] = []
    for instruction in instructions(text):
        if instruction.name == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, arguments = line.partition(" ")
            yield Instruction(name=name, arguments=arguments.strip())


def only(stage: Sequence[Instruction], name: str) -> Instruction:
    [found] = [instruction for instruction in stage if instruction.name == name]
    return found


def build(folder: Path) -> None:
    """Do in ``folder`` what the first stage does."""
    folder.mkdir()
    for instruction in stages(PATH.read_text())[0]:
        if instruction.name == "COPY":
            source, target = instruction.arguments.split()
            _copy(ROOT / source, folder / target)
        if instruction.name == "RUN":
            if "pip install" in instruction.arguments and not WITH_PACKAGES:
                continue
            _run(instruction.arguments, folder)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def _run(command: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as programs:
        python = Path(WITH_PACKAGES or sys.executable).resolve()
        (Path(programs) / "python").symlink_to(python)
        subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
            check=True,
            timeout=600,
        )
