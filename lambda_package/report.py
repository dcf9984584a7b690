"""What a build has made: ``python -m lambda_package.report FOLDER --tried FOLDER``.

Prints what each package in the folder holds, with its digest. Packages of the same
recipes for this machine's processor are what tests can run: what ships has to be the
same but for what is compiled. Where Lambda's Python is not here there are none, and
that is said.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from lambda_package.listing import File, lines_of, list_package

WITHOUT_BYTE_CODE: Final = """\
NO BYTE-CODE is in these packages, and they were NOT TRIED: no Python 3.13 is here,
which alone compiles and runs them as Lambda does. Every cold start compiles them anew.
LAMBDA_PYTHON=… make build names one."""
SAME: Final = """\
Byte-code is of Python 3.13, and used without a look at its source. The packages that
`make test` runs under that Python are the same, but for compiled libraries:"""
OTHERS: Final = "These are NOT the packages that `make test` runs:"

_OF_A_PROCESSOR: Final = ("*.so", "*.dist-info/WHEEL", "*.dist-info/sboms/*")
"""Compiled libraries, and what a wheel says of them."""


def packages_in(build: Path) -> Sequence[Path]:
    return sorted(path for path in build.iterdir() if path.is_dir())


def differences(build: Path, tried: Path) -> list[str]:
    """Return the files that one has and the other has not, or has with another content.

    They begin with the name of their package.
    """
    here, there = _files(build), _files(tried)
    return [path for path in here | there if here.get(path) != there.get(path)]


def _files(build: Path) -> dict[str, File]:
    return {
        f"{package.name}/{file.path}": file
        for package in packages_in(build)
        for file in list_package(package).files
    }


def of_a_processor(path: str) -> bool:
    """Whether a file may be another one for another processor."""
    return any(fnmatch(path, pattern) for pattern in _OF_A_PROCESSOR)


def report(build: Path, tried: Path | None) -> Iterator[str]:
    """Give lines for whoever has built.

    Raises ``ValueError`` with such lines where other packages were tried.
    """
    for package in packages_in(build):
        yield from lines_of(package)
    yield ""
    if tried is None:
        yield WITHOUT_BYTE_CODE
        return
    different = sorted(differences(build, tried))
    others = [path for path in different if not of_a_processor(path)]
    if others:
        raise ValueError("\n  ".join([OTHERS, *others]))
    yield SAME
    yield from (f"  {path}" for path in different if path.endswith(".so"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lambda_package.report")
    parser.add_argument("build", type=Path)
    parser.add_argument("--tried", type=Path)
    parsed = parser.parse_args()
    try:
        for line in report(parsed.build, parsed.tried):
            sys.stdout.write(f"{line}\n")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
