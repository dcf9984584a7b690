"""Tells a function's author which module is not there, as it is on Lambda."""

import re
import sys
from pathlib import Path
from typing import Final

from aikagi_emulator.runtime.function import FunctionSpec

_MISSING: Final = re.compile(
    # A traceback's last line, the runtime client's report, and ``python -m``.
    r"(?:ModuleNotFoundError: |Runtime\.ImportModuleError: .{1,300}: |/python[0-9.]*: )"
    r"No module named '?([A-Za-z_]\w{0,99})"
)


def missing_module(line: str, spec: FunctionSpec) -> str | None:
    """Say what to do when ``line``, of the function's output, misses a package.

    A module of the function's own, of Python or of Lambda's is another matter: None.
    """
    found = _MISSING.search(line)
    if found is None or _is_known(found[1], spec):
        return None
    file = spec.requirements
    where = f"its package into {shown(file)}" if file else f"it into {spec.folder}"
    return (
        f"Neither Lambda's Python nor a layer of this function brings {found[1]!r}: "
        f"put {where}, and the call that follows has it."
    )


def _is_known(name: str, spec: FunctionSpec) -> bool:
    if name in sys.stdlib_module_names or name == re.split(r"[./]", spec.handler)[0]:
        return True
    folders = (spec.folder, spec.runtime_folder)
    return any(
        (folder / found).exists()
        for folder in folders
        for found in (name, f"{name}.py")
    )


def shown(path: Path) -> Path:
    """Return it as it is called where the emulator was started."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
