"""What a build has made: ``python -m lambda_package.report FOLDER``.

Prints what each package in the folder holds, with its digest, and says what was not
done for want of Lambda's Python.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lambda_package.listing import lines_of

WITHOUT_BYTE_CODE: Final = """\
NO BYTE-CODE is in these packages, and they were NOT TRIED: no Python 3.13 is here,
which alone compiles and runs them as Lambda does. Every cold start compiles them anew.
LAMBDA_PYTHON=… make build names one."""
WITH_BYTE_CODE: Final = """\
Byte-code is of Python 3.13, and used without a look at its source. `make test` runs the
same packages, made for this machine's processor, under that Python."""


def report(build: Path) -> Iterator[str]:
    """Give lines for whoever has built."""
    packages = sorted(path for path in build.iterdir() if path.is_dir())
    for package in packages:
        yield from lines_of(package)
    compiled = all(any(package.rglob("*.pyc")) for package in packages)
    yield ""
    yield WITH_BYTE_CODE if compiled else WITHOUT_BYTE_CODE


if __name__ == "__main__":
    for line in report(Path(sys.argv[1])):
        sys.stdout.write(f"{line}\n")
