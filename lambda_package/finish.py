"""The last step of every recipe of a package: what makes it one that can ship.

``python -m lambda_package.finish FOLDER --root /var/task --python python3.13``. What
nobody imports goes, notices and byte-code come, and what differs between two builds of
the same sources is made the same: times, modes, what an installer wrote about itself.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lambda_package.contents import LicenceMissingError, packages_of
from lambda_package.notices import write_notices

_BY_INSTALLERS: Final = (
    "INSTALLER",
    "RECORD",
    "REQUESTED",
    "direct_url.json",
    "uv_cache.json",
)
"""Of a ``dist-info``: how it was installed, and what was there before the next step."""

_UNUSED: Final = (
    "**/__pycache__",
    "**/*.pyi",
    "**/py.typed",
    "**/tests",
    "ecdsa/test_*",
)
"""Folders and files of libraries that nothing imports where they run.

ecdsa has its tests among its modules, half of all it is.
"""

MOMENT: Final = 946_684_800
"""2000-01-01T00:00:00Z, the time of every file: a ZIP has none before 1980."""

_FILE, _PROGRAM = 0o644, 0o755


def finish(package: Path, *, root: str, python: str | None) -> None:
    """Finish the package that Lambda will have at ``root``.

    ``python`` compiles it; None leaves it without byte-code. Raises
    ``LicenceMissingError``, and ``subprocess.CalledProcessError`` where a module cannot
    be compiled.
    """
    _leave_out(package)
    write_notices(package)
    if python is not None:
        compile_modules(package, root=root, python=python)
    _make_alike(package)


def compile_modules(package: Path, *, root: str, python: str) -> None:
    """Compile every module, to be used without a look at its source.

    Lambda's disk is read-only, and its files have other times there: byte-code that is
    checked by a time would be made anew at every start. Tracebacks name ``root``.
    """
    subprocess.run(  # noqa: S603 - the Python that the builder has named
        [
            *(python, "-I", "-m", "compileall", "-q"),
            *("--invalidation-mode", "unchecked-hash"),
            *("-s", str(package), "-p", root, str(package)),
        ],
        # What is compiled has sets in it, and those an order.
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=True,
    )


def _leave_out(package: Path) -> None:
    libraries = packages_of(package)
    unused = [path for pattern in _UNUSED for path in libraries.glob(pattern)]
    for info in libraries.glob("*.dist-info"):
        unused += [info / name for name in _BY_INSTALLERS]
    for path in unused:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _make_alike(package: Path) -> None:
    for path in [*_below(package), package]:
        runs = path.is_dir() or bool(path.stat().st_mode & 0o100)
        path.chmod(_PROGRAM if runs else _FILE)
        os.utime(path, (MOMENT, MOMENT))


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            yield from _below(path)
        yield path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lambda_package.finish")
    parser.add_argument("package", type=Path)
    parser.add_argument("--root", required=True, help="where Lambda has it")
    parser.add_argument("--python", default="", help="compiles it; empty: nothing does")
    parsed = parser.parse_args()
    try:
        finish(parsed.package, root=parsed.root, python=parsed.python or None)
    except LicenceMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
