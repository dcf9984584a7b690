"""Functions never import each other: import-linter, told which functions there are.

``make check`` runs this. A list in pyproject.toml would have to be kept by whoever adds
a function.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

from importlinter.cli import lint_imports

FUNCTIONS: Final = Path(__file__).parents[2] / "functions"


def configuration(names: list[str]) -> str:
    listed = "".join(f"\n    {name}" for name in names)
    return f"""[importlinter]
root_packages ={listed}
    aikagi_function
include_external_packages = True

[importlinter:contract:apart]
name = Functions never import each other
type = independence
modules ={listed}

[importlinter:contract:layer]
name = The layer knows no function, and nothing of the repository but itself
type = forbidden
source_modules = aikagi_function
forbidden_modules ={listed}
    aikagi
    app
    tests

[importlinter:contract:shipped]
name = Functions import nothing that stays behind when they ship
type = forbidden
source_modules ={listed}
forbidden_modules =
    aikagi
    aikagi_emulator
    app
    tests
"""


def main(functions: Path = FUNCTIONS) -> int:
    names = sorted(package.parent.name for package in functions.glob("*/__init__.py"))
    sys.path[:0] = [str(functions), str(functions / "layer" / "python")]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "importlinter.ini"
        file.write_text(configuration(names), encoding="utf-8")
        return lint_imports(config_filename=str(file), no_cache=True)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
