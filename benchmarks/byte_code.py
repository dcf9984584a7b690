"""What byte-code is worth: from the start of a process to its first grant.

``python -m benchmarks.byte_code``, after ``make test`` or ``make built-x86_64``: the
broker's package as it was built, under Lambda's Python where it is here. Nothing is
written to its folder, as on Lambda.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.process_start import BROKER, Starts, event_of, start
from benchmarks.table import Cell, Table
from benchmarks.warm_grants import running_aws, variables
from tests.lambda_package.building import HERE, LAMBDA
from tests.stack import ROOT

ROUNDS: Final = 15


def _variants(package: Path, folder: Path, python: str) -> dict[str, Path]:
    """Copies of the package that differ in their byte-code."""
    found = {"unchecked, as it ships": package}
    for name, mode in (("checked by its source", "checked-hash"), ("none", "")):
        found[name] = copy = folder / (mode or "none")
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(package, copy, ignore=skipped)
        if mode:
            compiling = [python, "-I", "-m", "compileall", "-q", str(copy)]
            subprocess.run([*compiling, "--invalidation-mode", mode], check=True)  # noqa: S603 - an interpreter of ours
    return found


def compare_byte_code(rounds: int = ROUNDS) -> Table:
    built = [ROOT / ".tools/built" / name for name in (LAMBDA, HERE)]
    package = next(found for found in built if (found / ".built").exists())
    python = str(ROOT / ".tools/runtime" / package.name / "bin/python")
    with running_aws() as port, tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **variables(port, functions=10)}
        environment["EVENT"] = event_of(environment)
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        variants = _variants(package / "BrokerFunction", Path(folder), python)
        starts = {name: Starts() for name in variants}
        for _ in range(rounds):
            for name, path in variants.items():
                given = {**environment, "PYTHONPATH": str(path)}
                start(BROKER, given, starts[name], python)
    shipped = next(iter(starts.values()))
    rows: list[dict[str, Cell]] = [
        {
            "byte-code": name,
            "CPU ms": median(found.cpu) * 1000,
            "of what ships": median(found.cpu) / median(shipped.cpu),
            "peak MB": median(found.memory) / 1e6,
        }
        for name, found in starts.items()
    ]
    return Table(title=f"to the first grant, package for {package.name}", rows=rows)


if __name__ == "__main__":
    for line in compare_byte_code().lines():
        sys.stdout.write(f"{line}\n")
