"""Compile requirements/*.in to *.txt, for every platform and Python at once.

Each lock is compiled with those it builds on as constraints, so that what is
tested is what runs. No index and no address is written into any. What functions need
(functions/*/requirements.in) is locked for all of them together, for this machine, and
then for each in its own folder, for its package.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
FUNCTIONS = FOLDER.parent / "functions"
BUILDS_ON: dict[str, tuple[str, ...]] = {
    "uv": (),
    "runtime": (),
    "admin": ("runtime",),
    "client": ("runtime",),
    "functions": ("runtime", "client"),
    "local": ("runtime", "admin", "client", "functions"),
    "container": ("runtime", "local"),
    "dev": ("local",),
    "sam": (),
    "node": (),
    "sdks": (),
    "soak": (),
}
COMPLETE = {"soak"}
"""Those that name all they want themselves: what these would require is left out."""


def compile_lock(
    sources: Sequence[str], lock: str, below: tuple[str, ...], *options: str
) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(  # noqa: S603 - the uv beside this interpreter
        [
            str(uv),
            *("pip", "compile", *sources, "--output-file", lock),
            *("--universal", "--python-version", "3.11", "--generate-hashes"),
            *("--no-header", "--no-annotate", "--quiet", *options),
            *(word for base in below for word in ("--constraint", f"{base}.txt")),
            *sys.argv[1:],
        ],
        cwd=FOLDER,
        check=True,
    )


needed = sorted(FUNCTIONS.glob("*/requirements.in"))
paths = {source: f"../{source.relative_to(FOLDER.parent)}" for source in needed}
for name, bases in BUILDS_ON.items():
    compile_lock(
        list(paths.values()) if name == "functions" else [f"{name}.in"],
        f"{name}.txt",
        bases,
        *(["--no-deps"] if name in COMPLETE else []),
    )
for path in paths.values():
    compile_lock([path], f"{path.removesuffix('.in')}.txt", ("functions",))
