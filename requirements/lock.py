"""Compile requirements/*.in to *.txt, for every platform and Python at once.

Each lock is compiled with those it builds on as constraints, so that what is
tested is what runs. No index and no address is written into any.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
BUILDS_ON: dict[str, tuple[str, ...]] = {
    "uv": (),
    "runtime": (),
    "admin": ("runtime",),
    "client": ("runtime",),
    "functions": ("runtime", "client"),
    "local": ("runtime", "admin", "client", "functions"),
    "dev": ("local",),
    "sam": (),
    "sdks": (),
    "soak": (),
}
COMPLETE = {"soak"}
"""Those that name all they want themselves: what these would require is left out."""


def compile_lock(name: str, below: tuple[str, ...]) -> None:
    constraint = [word for base in below for word in ("--constraint", f"{base}.txt")]
    constraint += ["--no-deps"] if name in COMPLETE else []
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(  # noqa: S603 - the uv beside this interpreter
        [
            str(uv),
            *("pip", "compile", f"{name}.in", "--output-file", f"{name}.txt"),
            *("--universal", "--python-version", "3.11", "--generate-hashes"),
            *("--no-header", "--no-annotate", "--quiet", *constraint, *sys.argv[1:]),
        ],
        cwd=FOLDER,
        check=True,
    )


for lock, bases in BUILDS_ON.items():
    compile_lock(lock, bases)
